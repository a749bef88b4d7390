#include "core/pacc.h"

#include <assert.h>
#include <jansson.h>
#include <sodium.h>

/* The draft's names; it has no port for ManageSieve with TLS at once. */
static const struct {
	enum setup_protocol protocol;
	const char *name;
} protocol_names[] = {
	{ SETUP_IMAP, "imap" },
	{ SETUP_POP3, "pop3" },
	{ SETUP_SMTP, "submit" },
};

static const struct setup_service *
find_default(const struct setup *setup, enum setup_protocol protocol)
{
	for (size_t i = 0; i < setup->n; i++) {
		const struct setup_service *s = &setup->services[i];

		if (s->protocol == protocol && !s->starttls &&
		    s->port == setup_tls_port(protocol))
			return s;
	}
	return NULL;
}

static json_t *
json_slice(struct slice s)
{
	return json_stringn(s.p, s.n);
}

static json_t *
make_protocols(const struct setup *setup)
{
	json_t *protocols = json_object();

	for (size_t i = 0; i < sizeof protocol_names / sizeof *protocol_names;
	     i++) {
		const struct setup_service *s =
		    find_default(setup, protocol_names[i].protocol);

		if (s != NULL)
			(void)json_object_set_new(protocols,
			    protocol_names[i].name,
			    json_pack("{s:o}", "host", json_slice(s->host)));
	}
	return protocols;
}

struct slice
pacc_body(struct arena *arena, const struct provider *provider,
    const struct setup *setup)
{
	json_t *file = json_pack("{s:{s:b},s:{s:{s:s,s:s}},s:o}",
	    "authentication", "password", 1, "info", "provider", "name",
	    provider->name, "shortName", provider->short_name, "protocols",
	    make_protocols(setup));
	char *text = json_dumps(file, JSON_COMPACT | JSON_SORT_KEYS);
	struct slice body;

	assert(text != NULL); /* names were checked, the rest is ours */
	body = arena_slice(arena, slice_of(text));
	free(text);
	json_decref(file);
	return body;
}

struct slice
pacc_record(struct arena *arena, struct slice body)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(
	    sizeof sum, sodium_base64_VARIANT_ORIGINAL)];

	(void)crypto_hash_sha256(sum, (const unsigned char *)body.p, body.n);
	(void)sodium_bin2base64(
	    text, sizeof text, sum, sizeof sum, sodium_base64_VARIANT_ORIGINAL);
	return slice_of(arena_printf(arena, "v=UAAC1; a=sha256; d=%s", text));
}
