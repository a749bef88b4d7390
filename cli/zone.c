#include "cli/zone.h"

#include <stdio.h>

#include "core/buf.h"
#include "core/pacc.h"

enum {
	RECORDS_MAX = 64,
	TXT_STRING_MAX = 255, /* RFC 1035 3.3 */
	TXT_MAX = 65536,
};

static const char *const type_names[] = {
	[RESOLVER_MX] = "MX",
	[RESOLVER_TXT] = "TXT",
	[RESOLVER_SRV] = "SRV",
	[RESOLVER_CNAME] = "CNAME",
};
_Static_assert(sizeof type_names / sizeof *type_names == RESOLVER_TYPES,
    "name every type");

const char *
zone_type_name(enum resolver_type type)
{
	return type_names[type];
}

struct zone {
	struct arena *arena;
	const struct served *served;
	const struct provider *provider;
	const struct setup *setup;
	const char *domain;
	struct zone_record *records;
	size_t n;
};

static void
add(struct zone *zone, struct zone_record record)
{
	if (zone->n < RECORDS_MAX)
		zone->records[zone->n++] = record;
}

static const char *
name_in(const struct zone *zone, const char *labels)
{
	return arena_printf(zone->arena, "%s.%s", labels, zone->domain);
}

/* --- mail itself ------------------------------------------------------ */

static void
add_mx(struct zone *zone)
{
	struct slice rest = slice_of(zone->provider->mx), one;

	while (slice_cut(&rest, ',', &one)) {
		one = slice_trim(one);
		add(zone,
		    (struct zone_record){ ZONE_MAIL, RESOLVER_MX, zone->domain,
			arena_printf(zone->arena, "%.*s.", SLICE_FMT(one)),
			NULL, "mail from elsewhere does not arrive" });
	}
}

static void
add_text(struct zone *zone, const char *owner, const char *text,
    const char *tag, const char *breaks)
{
	if (text[0] != '\0')
		add(zone, (struct zone_record){ ZONE_MAIL, RESOLVER_TXT, owner,
			      text, tag, breaks });
}

static void
add_key(struct zone *zone, const char *selector, const char *record)
{
	add_text(zone,
	    name_in(zone, arena_printf(zone->arena, "%s._domainkey", selector)),
	    record, "v=DKIM1",
	    "the domain's signatures cannot be checked (DKIM)");
}

static void
add_keys(struct zone *zone)
{
	const struct served *served = zone->served;

	for (size_t i = 0; i < served->n_keys; i++)
		add_key(zone, served->keys[i].selector, served->keys[i].record);
	if (served->n_keys == 0 && zone->provider->dkim_selector[0] != '\0')
		add_key(
		    zone, zone->provider->dkim_selector, zone->provider->dkim);
}

static void
add_mail(struct zone *zone)
{
	const struct provider *p = zone->provider;

	add_mx(zone);
	add_text(zone, zone->domain, p->spf, "v=spf1",
	    "others cannot tell the domain's mail from forgeries (SPF)");
	add_keys(zone);
	add_text(zone, name_in(zone, "_dmarc"), p->dmarc, "v=DMARC1",
	    "large providers refuse or hide bulk mail of the domain (DMARC)");
}

/* RFC 7505, and the same for senders. */
static void
add_no_mail(struct zone *zone)
{
	add(zone, (struct zone_record){ ZONE_MAIL, RESOLVER_MX, zone->domain,
		      "0 .", NULL,
		      "senders wait for days before they hear that it takes no "
		      "mail" });
	add_text(zone, zone->domain, "v=spf1 -all", "v=spf1",
	    "others cannot tell that it sends no mail");
}

/* --- services --------------------------------------------------------- */

/* RFC 8314 5.1 for TLS at once, RFC 6186 3 for STARTTLS, RFC 5804 1.8. */
static const struct srv {
	enum setup_protocol protocol;
	bool starttls;
	const char *label;
	int priority; /* smaller ones are preferred: IMAP before POP3 */
	const char *breaks;
} srvs[] = {
	{ SETUP_IMAP, false, "_imaps._tcp", 0,
	    "clients that know SRV records only do not find IMAP" },
	{ SETUP_IMAP, true, "_imap._tcp", 0,
	    "clients do not learn whether there is IMAP with STARTTLS" },
	{ SETUP_POP3, false, "_pop3s._tcp", 10,
	    "clients that know SRV records only do not find POP3" },
	{ SETUP_POP3, true, "_pop3._tcp", 10,
	    "clients do not learn whether there is POP3 with STARTTLS" },
	{ SETUP_SMTP, false, "_submissions._tcp", 0,
	    "clients that know SRV records only do not find where to send" },
	{ SETUP_SMTP, true, "_submission._tcp", 0,
	    "clients do not learn whether they may send with STARTTLS" },
	{ SETUP_SIEVE, true, "_sieve._tcp", 0,
	    "clients do not find where to keep filters" },
};

static const struct setup_service *
find_service(const struct setup *setup, const struct srv *srv)
{
	for (size_t i = 0; i < setup->n; i++) {
		const struct setup_service *s = &setup->services[i];

		if (s->protocol == srv->protocol &&
		    s->starttls == srv->starttls)
			return s;
	}
	return NULL;
}

/* A dot says "not here", which saves clients from trying (RFC 6186 3.4). */
static void
add_services(struct zone *zone)
{
	for (size_t i = 0; i < sizeof srvs / sizeof *srvs; i++) {
		const struct setup_service *s =
		    find_service(zone->setup, &srvs[i]);
		const char *value = "0 0 0 .";

		if (s != NULL)
			value = arena_printf(zone->arena, "%d 1 %u %.*s.",
			    srvs[i].priority, s->port, SLICE_FMT(s->host));
		else if (srvs[i].protocol == SETUP_SIEVE)
			continue;
		add(zone, (struct zone_record){ ZONE_SERVICES, RESOLVER_SRV,
			      name_in(zone, srvs[i].label), value, NULL,
			      srvs[i].breaks });
	}
}

/* --- where clients ask ------------------------------------------------ */

static void
add_alias(struct zone *zone, const char *label, const char *breaks)
{
	add(zone,
	    (struct zone_record){ ZONE_DISCOVER, RESOLVER_CNAME,
		name_in(zone, label),
		arena_printf(zone->arena, "%s.", zone->provider->service_host),
		NULL, breaks });
}

static void
add_pacc(struct zone *zone)
{
	struct slice body = pacc_body(zone->arena, zone->provider, zone->setup);

	add_alias(
	    zone, PACC_LABEL, "clients that ask by PACC find no settings");
	add(zone, (struct zone_record){ ZONE_DISCOVER, RESOLVER_TXT,
		      name_in(zone, "_" PACC_LABEL),
		      pacc_record(zone->arena, body).p, "v=UAAC1",
		      "clients that ask by PACC do not trust the settings" });
}

static void
add_discovery(struct zone *zone)
{
	add_alias(zone, "autoconfig",
	    "Thunderbird, K-9, Evolution, KMail, FairEmail and others do not "
	    "configure themselves");
	add_alias(zone, "autodiscover",
	    "Outlook does not configure itself, and Thunderbird waits 5 s");
	add(zone,
	    (struct zone_record){ ZONE_DISCOVER, RESOLVER_SRV,
		name_in(zone, "_autodiscover._tcp"),
		arena_printf(
		    zone->arena, "0 0 443 %s.", zone->provider->service_host),
		NULL,
		"Outlook has no way around a certificate that autodiscover. "
		"lacks" });
	add(zone,
	    (struct zone_record){ ZONE_DISCOVER, RESOLVER_TXT, zone->domain,
		arena_printf(zone->arena,
		    "mailconf=https://autoconfig.%s/mail/config-v1.1.xml",
		    zone->domain),
		"mailconf=", "a few clients find no settings" });
	if (zone->provider->pacc)
		add_pacc(zone);
}

size_t
zone_records(struct arena *arena, const struct served *served,
    struct zone_record **records_out)
{
	struct zone zone = { arena, served, &served->provider, &served->setup,
		served->domain,
		arena_calloc(arena, RECORDS_MAX, sizeof *zone.records), 0 };

	if (strcmp(served->mode, "null") == 0)
		add_no_mail(&zone);
	else
		add_mail(&zone);
	if (served->setup.status != SETUP_ABSENT) {
		add_services(&zone);
		add_discovery(&zone);
	}
	*records_out = zone.records;
	return zone.n;
}

/* --- as text ---------------------------------------------------------- */

static void
quote_string(struct buf *to, struct slice string)
{
	(void)buf_add_char(to, '"');
	for (size_t i = 0; i < string.n; i++) {
		unsigned char c = (unsigned char)string.p[i];

		if (c < ' ' || c > '~')
			(void)buf_addf(to, "\\%03d", c);
		else if (c == '"' || c == '\\')
			(void)buf_addf(to, "\\%c", c);
		else
			(void)buf_add_char(to, (char)c);
	}
	(void)buf_add_char(to, '"');
}

static const char *
quote_text(struct arena *arena, struct slice text)
{
	AUTO_BUF struct buf quoted = BUF_INIT(TXT_MAX);

	do {
		if (quoted.n > 0)
			(void)buf_add_char(&quoted, ' ');
		quote_string(&quoted, slice_head(text, TXT_STRING_MAX));
		text = slice_tail(text, TXT_STRING_MAX);
	} while (text.n > 0);
	return arena_strdup(arena, buf_text(&quoted));
}

const char *
zone_value(struct arena *arena, const struct zone_record *record)
{
	return record->type == RESOLVER_TXT
		   ? quote_text(arena, slice_of(record->value))
		   : record->value;
}
