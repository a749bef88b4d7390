#include "sieve/mailto.h"

#include "core/percent.h"
#include "sieve/address.h"

static const char scheme[] = "mailto:";

/* %XX undone; false when it is not well-formed or gives a NUL. */
static bool
decode(struct arena *arena, struct slice s, struct slice *out)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	while (s.n > 0) {
		bool escaped = s.p[0] == '%';
		int octet = escaped ? percent_octet(s) : (unsigned char)s.p[0];

		if (octet < 0 || (escaped && octet == 0))
			return false;
		to[n++] = (char)octet;
		s = slice_tail(s, escaped ? 3 : 1);
	}
	*out = (struct slice){ to, n };
	return true;
}

static const char *
add_addresses(struct arena *arena, struct mailto *mailto, struct slice list)
{
	struct address_walk walk = address_start(arena, list);
	struct address address;

	while (address_next(&walk, &address)) {
		if (!address.valid)
			return "one of its addresses is not well-formed";
		if (mailto->n_addresses == MAILTO_ADDRESSES_MAX)
			return "it has too many addresses";
		mailto->addresses[mailto->n_addresses++] = address.text;
	}
	return NULL;
}

/* RFC 5436 2.3, 2.7: what the reply itself must say cannot be asked for. */
static bool
is_ours(struct slice name)
{
	static const char *const names[] = { "from", "sender", "received",
		"return-path", "date", "message-id", "auto-submitted",
		"content-type", "content-transfer-encoding", "mime-version",
		"resent-from", "resent-to", "list-id", "bcc" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (slice_eq_nocase(name, slice_of(names[i])))
			return true;
	}
	return false;
}

static bool
is_field_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c >= 0x7f || c == ':')
			return false;
	}
	return name.n > 0;
}

static const char *
add_header(struct arena *arena, struct mailto *mailto, struct slice name,
    struct slice value)
{
	if (slice_eq_nocase(name, SLICE("to")))
		return add_addresses(arena, mailto, value);
	if (slice_eq_nocase(name, SLICE("body"))) {
		mailto->body = value;
		return NULL;
	}
	if (!is_field_name(name))
		return "one of its headers has no proper name";
	if (slice_find(value, '\n') >= 0 || slice_find(value, '\r') >= 0)
		return "one of its headers holds a line end";
	if (is_ours(name))
		return NULL;
	if (mailto->n_headers == MAILTO_HEADERS_MAX)
		return "it has too many headers";
	mailto->headers[mailto->n_headers++] =
	    (struct sieve_item){ name, value };
	return NULL;
}

static const char *
add_query(struct arena *arena, struct mailto *mailto, struct slice query)
{
	struct slice pair, name, value;

	while (slice_cut(&query, '&', &pair)) {
		const char *problem;
		long equals = slice_find(pair, '=');

		if (pair.n == 0)
			continue;
		if (equals < 0 ||
		    !decode(arena, slice_head(pair, (size_t)equals), &name) ||
		    !decode(
			arena, slice_tail(pair, (size_t)equals + 1), &value))
			return "what follows \"?\" is not well-formed";
		problem = add_header(arena, mailto, name, value);
		if (problem != NULL)
			return problem;
	}
	return NULL;
}

bool
mailto_parse(struct arena *arena, struct slice uri, struct mailto *mailto_out,
    const char **problem_out)
{
	struct slice rest = slice_tail(uri, sizeof scheme - 1);
	struct slice list, addresses;
	const char *problem = NULL;
	long question = slice_find(rest, '?');

	*mailto_out = (struct mailto){ .body = { "", 0 } };
	list = question < 0 ? rest : slice_head(rest, (size_t)question);
	if (!slice_starts_nocase(uri, slice_of(scheme)))
		problem = "only mailto: is known as a method";
	else if (!decode(arena, list, &addresses))
		problem = "its address is not well-formed";
	else
		problem = add_addresses(arena, mailto_out, addresses);
	if (problem == NULL && question >= 0)
		problem = add_query(
		    arena, mailto_out, slice_tail(rest, (size_t)question + 1));
	if (problem == NULL && mailto_out->n_addresses == 0)
		problem = "it names no address";
	*problem_out = problem;
	return problem == NULL;
}
