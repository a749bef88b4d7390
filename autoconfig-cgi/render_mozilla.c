#include "autoconfig-cgi/render.h"
#include "core/xml.h"

/* A placeholder that every client fills in (the draft's section on them). */
static struct slice
login(const struct setup *setup)
{
	return setup->login.n > 0 ? setup->login : SLICE("%EMAILADDRESS%");
}

static void
write_address(struct xml *xml, const struct setup_service *service)
{
	xml_text(xml, "hostname", service->host);
	xml_number(xml, "port", service->port);
	xml_text(xml, "socketType",
	    service->starttls ? SLICE("STARTTLS") : SLICE("SSL"));
}

static void
write_server(struct xml *xml, const struct setup_service *service,
    struct slice username, const char *element)
{
	xml_open(xml, element);
	xml_attribute(
	    xml, "type", slice_of(setup_protocol_name(service->protocol)));
	write_address(xml, service);
	/* Inside TLS; password-encrypted would make clients insist on
	 * CRAM-MD5, which needs passwords in clear on the server. */
	xml_text(xml, "authentication", SLICE("password-cleartext"));
	xml_text(xml, "username", username);
	xml_close(xml);
}

/* Clients want all incoming servers before the outgoing ones. */
static void
write_servers(struct xml *xml, const struct setup *setup)
{
	for (size_t i = 0; i < setup->n; i++) {
		enum setup_protocol p = setup->services[i].protocol;

		if (p == SETUP_IMAP || p == SETUP_POP3)
			write_server(xml, &setup->services[i], login(setup),
			    "incomingServer");
	}
	for (size_t i = 0; i < setup->n; i++) {
		if (setup->services[i].protocol == SETUP_SMTP)
			write_server(xml, &setup->services[i], login(setup),
			    "outgoingServer");
	}
}

static void
write_names(struct xml *xml, const struct publication *p)
{
	struct slice mx = slice_of(p->provider->domain);

	xml_text(xml, "domain", p->setup->domain);
	if (!slice_eq(mx, p->setup->domain)) {
		xml_open(xml, "domain");
		xml_attribute(xml, "purpose", SLICE("mx"));
		xml_words(xml, mx);
		xml_close(xml);
	}
	xml_text(xml, "displayName", slice_of(p->provider->name));
	xml_text(xml, "displayShortName", slice_of(p->provider->short_name));
}

static void
write_help(struct xml *xml, struct arena *arena, const struct provider *own)
{
	xml_open(xml, "documentation");
	xml_attribute(xml, "url",
	    slice_of(arena_printf(arena, "https://%s/", own->service_host)));
	xml_open(xml, "descr");
	xml_attribute(xml, "lang", SLICE("en"));
	xml_words(xml, SLICE("Settings for mail clients"));
	xml_close(xml);
	xml_open(xml, "descr");
	xml_attribute(xml, "lang", SLICE("de"));
	xml_words(xml, SLICE("Einstellungen für Mailprogramme"));
	xml_close(xml);
	xml_close(xml);
}

/* Below the root, where clients that don't know it pass it by. */
static void
write_sieve(struct xml *xml, const struct setup *setup)
{
	const struct setup_service *sieve = setup_find(setup, SETUP_SIEVE);

	if (sieve == NULL)
		return;
	xml_open(xml, "setupServer");
	xml_attribute(xml, "type", SLICE("managesieve"));
	write_address(xml, sieve);
	xml_text(xml, "authentication", SLICE("password-cleartext"));
	xml_text(xml, "username", login(setup));
	xml_close(xml);
}

struct slice
render_mozilla(struct arena *arena, const struct publication *p)
{
	struct xml xml = xml_start();

	xml_open(&xml, "clientConfig");
	xml_attribute(&xml, "version", SLICE("1.1"));
	xml_open(&xml, "emailProvider");
	xml_attribute(&xml, "id", slice_of(p->provider->domain));
	write_names(&xml, p);
	write_servers(&xml, p->setup);
	write_help(&xml, arena, p->provider);
	xml_close(&xml);
	write_sieve(&xml, p->setup);
	xml_close(&xml);
	return xml_finish(&xml, arena);
}
