#include <time.h>

#include "autoconfig-cgi/pox.h"
#include "autoconfig-cgi/render.h"
#include "core/xml.h"

static const char *const types[] = {
	[SETUP_IMAP] = "IMAP",
	[SETUP_POP3] = "POP3",
	[SETUP_SMTP] = "SMTP",
	[SETUP_SIEVE] = NULL, /* Outlook knows none */
};
_Static_assert(
    sizeof types / sizeof *types == SETUP_PROTOCOLS, "say every protocol");

/* SPA and AuthRequired are said because their absence means "on" and Windows
 * logins; Encryption overrides SSL where a client knows it. */
static void
write_protocol(
    struct xml *xml, const struct setup_service *service, struct slice login)
{
	xml_open(xml, "Protocol");
	xml_text(xml, "Type", slice_of(types[service->protocol]));
	xml_text(xml, "Server", service->host);
	xml_number(xml, "Port", service->port);
	xml_text(xml, "DomainRequired", SLICE("off"));
	xml_text(xml, "LoginName", login);
	xml_text(xml, "SPA", SLICE("off"));
	xml_text(xml, "SSL", SLICE("on"));
	xml_text(
	    xml, "Encryption", service->starttls ? SLICE("TLS") : SLICE("SSL"));
	xml_text(xml, "AuthRequired", SLICE("on"));
	xml_close(xml);
}

static void
write_account(struct xml *xml, const struct publication *p)
{
	xml_open(xml, "Account");
	xml_text(xml, "AccountType", SLICE("email"));
	xml_text(xml, "Action", SLICE("settings"));
	for (size_t i = 0; i < p->setup->n; i++) {
		const struct setup_service *service = &p->setup->services[i];

		if (types[service->protocol] != NULL)
			write_protocol(xml, service, publication_login(p));
	}
	xml_close(xml);
}

struct slice
render_pox(struct arena *arena, const struct publication *p)
{
	struct xml xml = xml_start();

	xml_open(&xml, "Autodiscover");
	xml_attribute(&xml, "xmlns", SLICE(POX_RESPONSE_NS));
	xml_open(&xml, "Response");
	xml_attribute(&xml, "xmlns", SLICE(POX_SCHEMA));
	xml_open(&xml, "User");
	xml_text(&xml, "DisplayName", p->address);
	xml_close(&xml);
	write_account(&xml, p);
	xml_close(&xml);
	xml_close(&xml);
	return xml_finish(&xml, arena);
}

/* Id would tell machines apart, and is none of the world's business. */
struct slice
render_pox_error(
    struct arena *arena, unsigned code, const char *message, long long now)
{
	struct xml xml = xml_start();
	time_t seconds = (time_t)now;
	struct tm utc;
	char at[sizeof "hh:mm:ss.fffffff"];

	(void)gmtime_r(&seconds, &utc);
	(void)strftime(at, sizeof at, "%H:%M:%S.0000000", &utc);
	xml_open(&xml, "Autodiscover");
	xml_attribute(&xml, "xmlns", SLICE(POX_RESPONSE_NS));
	xml_open(&xml, "Response");
	xml_open(&xml, "Error");
	xml_attribute(&xml, "Time", slice_of(at));
	xml_attribute(&xml, "Id", SLICE("0"));
	xml_number(&xml, "ErrorCode", code);
	xml_text(&xml, "Message", slice_of(message));
	xml_text(&xml, "DebugData", SLICE(""));
	xml_close(&xml);
	xml_close(&xml);
	xml_close(&xml);
	return xml_finish(&xml, arena);
}
