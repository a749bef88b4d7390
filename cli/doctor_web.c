#include "cli/doctor.h"

#include <string.h>

#define POX_BODY                                                               \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns="       \
	"\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"        \
	"requestschema/2006\"><Request><EMailAddress>postmaster@%d"            \
	"</EMailAddress><AcceptableResponseSchema>"                            \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/"          \
	"responseschema/2006a</AcceptableResponseSchema></Request>"            \
	"</Autodiscover>"

#define REDIRECT 302

/*
 * %d is the domain, %p the provider's, %h the service host. postmaster@ is
 * there in each domain and leads to its package's admin.
 */
static const struct family {
	const char *url;
	const char *host;
	const char *body;  /* POST */
	const char *holds; /* the answer, or where it sends clients */
	const char *breaks;
	long status;
	bool pacc;
} families[] = {
	{ "http://autoconfig.%d/mail/config-v1.1.xml", "autoconfig.%d", NULL,
	    "<clientConfig ", "KMail and Horde do not configure themselves",
	    200, false },
	{ "https://autoconfig.%d/mail/config-v1.1.xml", "autoconfig.%d", NULL,
	    "<clientConfig ",
	    "K-9, Thunderbird for Android and Geary do not configure "
	    "themselves, unless they find the MX host's settings",
	    200, false },
	{ "https://autoconfig.%p/mail/config-v1.1.xml"
	  "?emailaddress=postmaster@%d",
	    "autoconfig.%p", NULL, "<clientConfig ",
	    "Thunderbird and K-9 find nothing by the MX host, which is their "
	    "way where autoconfig. of the domain has no certificate",
	    200, false },
	{ "http://autodiscover.%d/autodiscover/autodiscover.xml",
	    "autodiscover.%d", POX_BODY, "<LoginName>",
	    "Thunderbird loses its last resort", 200, false },
	{ "http://autodiscover.%d/autodiscover/autodiscover.xml",
	    "autodiscover.%d", NULL, "https://%h/",
	    "Outlook has no way around a certificate that autodiscover. "
	    "lacks",
	    REDIRECT, false },
	{ "https://autodiscover.%d/autodiscover/autodiscover.xml",
	    "autodiscover.%d", POX_BODY, "<LoginName>",
	    "Outlook asks its user whether to go on, or does not configure "
	    "itself",
	    200, false },
	{ "https://autodiscover.%d/autodiscover/autodiscover.json"
	  "?Email=postmaster@%d&Protocol=AutodiscoverV1",
	    "autodiscover.%d", NULL, "\"AutodiscoverV1\"",
	    "Microsoft's cloud finds no settings for Outlook on phones", 200,
	    false },
	{ "https://ua-auto-config.%d/.well-known/"
	  "user-agent-configuration.json",
	    "ua-auto-config.%d", NULL, "\"protocols\"",
	    "clients that ask by PACC find no settings", 200, true },
};

static const char *
value_of(const struct served *served, char placeholder)
{
	if (placeholder == 'p')
		return served->provider.domain;
	return placeholder == 'h' ? served->provider.service_host
				  : served->domain;
}

static const char *
fill_in(struct doctor *doctor, const char *pattern)
{
	const char *text = arena_strdup(doctor->arena, "");
	struct slice rest = slice_of(pattern);
	long at;

	while ((at = slice_find(rest, '%')) >= 0) {
		text = arena_printf(doctor->arena, "%s%.*s%s", text,
		    SLICE_FMT(slice_head(rest, (size_t)at)),
		    value_of(&doctor->served, rest.p[at + 1]));
		rest = slice_tail(rest, (size_t)at + 2);
	}
	return arena_printf(doctor->arena, "%s%.*s", text, SLICE_FMT(rest));
}

static const char *
judge(struct doctor *doctor, const struct probe_answer *answer,
    const struct family *family)
{
	const char *holds = fill_in(doctor, family->holds);
	struct slice there =
	    family->status == REDIRECT ? answer->location : answer->body;

	if (answer->status == 0)
		return answer->certificate
			   ? "its certificate is not valid for this name"
			   : answer->problem;
	if (answer->status != family->status)
		return arena_printf(
		    doctor->arena, "it answers %ld", answer->status);
	if (memmem(there.p, there.n, holds, strlen(holds)) != NULL)
		return NULL;
	return family->status == REDIRECT
		   ? arena_printf(doctor->arena, "it sends clients to %.*s",
			 SLICE_FMT(there))
		   : "it answers something else";
}

/* True where we are told whom to ask, or the name leads to somebody. */
static bool
find_place(struct doctor *doctor, const struct probe_place *place,
    const char *host, struct probe *probe)
{
	struct resolver_texts addresses = { 0 };
	struct why why = { 0 };

	if (place->http != NULL || place->https != NULL)
		return true;
	if (resolver_addresses(
		doctor->resolver, doctor->arena, host, &addresses, &why) < 0 ||
	    addresses.n == 0)
		return false;
	probe->address = addresses.texts[0];
	return true;
}

static void
examine_family(struct doctor *doctor, const struct probe_place *place,
    const struct family *family)
{
	struct probe probe = { .url = fill_in(doctor, family->url) };
	const char *what = arena_printf(doctor->arena, "%s%s",
	    family->body != NULL ? "POST " : "", probe.url);
	struct probe_answer answer;

	if (!find_place(doctor, place, fill_in(doctor, family->host), &probe)) {
		doctor_find(
		    doctor, what, "its name has no address", family->breaks);
		return;
	}
	if (family->body != NULL)
		probe.body = fill_in(doctor, family->body);
	probe_ask(doctor->arena, place, &probe, &answer);
	doctor_find(
	    doctor, what, judge(doctor, &answer, family), family->breaks);
}

void
doctor_ask_web(struct doctor *doctor, const struct probe_place *place)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		if (!families[i].pacc || doctor->served.provider.pacc)
			examine_family(doctor, place, &families[i]);
	}
}
