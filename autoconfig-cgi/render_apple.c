#include <sodium.h>
#include <stdio.h>

#include "autoconfig-cgi/render.h"
#include "core/xml.h"

#define PLIST_DOCTYPE                                                          \
	"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "              \
	"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"

enum {
	UUID_OCTETS = 16,
	UUID_TEXT = 37, /* with NUL */
};

static void
write_string(struct xml *xml, const char *key, struct slice value)
{
	xml_text(xml, "key", slice_of(key));
	xml_text(xml, "string", value);
}

static void
write_integer(struct xml *xml, const char *key, unsigned value)
{
	xml_text(xml, "key", slice_of(key));
	xml_number(xml, "integer", value);
}

static void
write_flag(struct xml *xml, const char *key, bool value)
{
	xml_text(xml, "key", slice_of(key));
	xml_open(xml, value ? "true" : "false");
	xml_close_void(xml);
}

/*
 * The same address gives the same UUID, so a profile that is installed again
 * replaces the one before. RFC 9562 5.8: version 8 is for such as this.
 */
static struct slice
payload_uuid(struct arena *arena, struct slice profile, const char *kind)
{
	const char *name =
	    arena_printf(arena, "%s %.*s", kind, SLICE_FMT(profile));
	unsigned char u[UUID_OCTETS];

	(void)crypto_generichash(
	    u, sizeof u, (const unsigned char *)name, strlen(name), NULL, 0);
	u[6] = (unsigned char)((u[6] & 0x0F) | 0x80);
	u[8] = (unsigned char)((u[8] & 0x3F) | 0x80);
	return slice_of(arena_printf(arena,
	    "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-"
	    "%02X%02X%02X%02X%02X%02X",
	    u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
	    u[11], u[12], u[13], u[14], u[15]));
}

/* What every payload has. The identifier is the UUID under our name. */
static void
write_payload(struct xml *xml, struct arena *arena, const struct publication *p,
    const char *type)
{
	struct slice uuid = payload_uuid(arena, p->setup->profile, type);

	write_string(xml, "PayloadType", slice_of(type));
	write_integer(xml, "PayloadVersion", 1);
	write_string(xml, "PayloadIdentifier",
	    slice_of(arena_printf(
		arena, "%s.%.*s", p->provider->domain, SLICE_FMT(uuid))));
	write_string(xml, "PayloadUUID", uuid);
	write_string(xml, "PayloadDisplayName", slice_of(p->provider->name));
}

/* The format cannot ask for STARTTLS and mean it, so TLS at once wins. */
static const struct setup_service *
find_server(const struct setup *setup, enum setup_protocol protocol)
{
	for (size_t i = 0; i < setup->n; i++) {
		if (setup->services[i].protocol == protocol &&
		    !setup->services[i].starttls)
			return &setup->services[i];
	}
	return setup_find(setup, protocol);
}

static void
write_server(struct xml *xml, struct arena *arena, const char *direction,
    const struct setup_service *service)
{
#define KEY(end) arena_printf(arena, "%sMailServer" end, direction)
	write_string(xml, KEY("HostName"), service->host);
	write_integer(xml, KEY("PortNumber"), service->port);
	write_flag(xml, KEY("UseSSL"), true);
	write_string(xml, KEY("Authentication"), SLICE("EmailAuthPassword"));
#undef KEY
}

static void
write_mail(struct xml *xml, struct arena *arena, const struct publication *p)
{
	const struct setup_service *in = find_server(p->setup, SETUP_IMAP);
	bool imap = in != NULL;

	if (!imap)
		in = find_server(p->setup, SETUP_POP3);
	xml_open(xml, "dict");
	write_payload(xml, arena, p, "com.apple.mail.managed");
	write_string(xml, "EmailAccountType",
	    imap ? SLICE("EmailTypeIMAP") : SLICE("EmailTypePOP"));
	write_string(xml, "EmailAccountDescription", p->address);
	write_string(xml, "EmailAddress", p->address);
	write_server(xml, arena, "Incoming", in);
	write_string(xml, "IncomingMailServerUsername", publication_login(p));
	write_server(xml, arena, "Outgoing", find_server(p->setup, SETUP_SMTP));
	write_string(xml, "OutgoingMailServerUsername", publication_login(p));
	write_flag(xml, "OutgoingPasswordSameAsIncomingPassword", true);
	xml_close(xml);
}

struct slice
render_apple(struct arena *arena, const struct publication *p)
{
	struct xml xml = xml_start();

	xml_raw(&xml, PLIST_DOCTYPE);
	xml_open(&xml, "plist");
	xml_attribute(&xml, "version", SLICE("1.0"));
	xml_open(&xml, "dict");
	write_payload(&xml, arena, p, "Configuration");
	write_string(&xml, "PayloadDescription", p->address);
	write_string(&xml, "PayloadOrganization", slice_of(p->provider->name));
	write_flag(&xml, "PayloadRemovalDisallowed", false);
	xml_text(&xml, "key", SLICE("PayloadContent"));
	xml_open(&xml, "array");
	write_mail(&xml, arena, p);
	xml_close(&xml);
	xml_close(&xml);
	xml_close(&xml);
	return xml_finish(&xml, arena);
}
