#include "autoconfig-cgi/respond.h"

#include <assert.h>
#include <time.h>

#include "autoconfig-cgi/notary.h"
#include "autoconfig-cgi/policy.h"
#include "autoconfig-cgi/render.h"
#include "core/clock.h"
#include "core/pacc.h"

#define TEXT_XML "text/xml; charset=utf-8"
#define TEXT_PLAIN "text/plain; charset=utf-8"
#define NO_STORE "Cache-Control: no-store\r\n"
#define FOR_EVERYBODY "Cache-Control: public, max-age=3600\r\nVary: Host\r\n"
#define FOR_ONE "Cache-Control: private, max-age=300\r\nVary: Host\r\n"
#define PAGE_HEADERS                                                           \
	NO_STORE                                                               \
	"Vary: Accept-Language\r\n"                                            \
	"Content-Security-Policy: default-src 'none'; style-src 'self'; "      \
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"

/* All that a response is made from. */
struct work {
	const struct service *service;
	const struct provider *provider;
	struct arena *arena;
	const struct request *request;
	struct response *response;
	struct why *why;
};

/* --- plain answers ---------------------------------------------------- */

static const struct plain {
	int status;
	const char *body, *headers;
} plains[] = {
	{ 200, "yes\n", NO_STORE },
	{ 404, "No settings here.\n", NO_STORE },
	{ 405, "Another method is wanted.\n", NO_STORE },
	{ 413, "The request is too large.\n", NO_STORE },
	{ 414, "The query is too long.\n", NO_STORE },
	{ 415, "Another media type is wanted.\n", NO_STORE },
	{ 503, "Try again in a minute.\n", NO_STORE "Retry-After: 60\r\n" },
};

static void
say_plain(const struct work *work, int status)
{
	const struct plain *plain = plains;

	while (plain->status != status)
		plain++;
	work->response->web.status = status;
	work->response->web.type = TEXT_PLAIN;
	work->response->web.headers = plain->headers;
	work->response->web.body = slice_of(plain->body);
}

static void
say(const struct work *work, const char *type, const char *headers,
    struct slice body)
{
	work->response->web.status = 200;
	work->response->web.type = type;
	work->response->web.headers = headers;
	work->response->web.body = body;
}

static void
say_wrong_method(const struct work *work)
{
	say_plain(work, 405);
	work->response->web.headers = arena_printf(work->arena,
	    NO_STORE "Allow: %s\r\n", contract_allow(work->request->contract));
}

/*
 * Outlook's way around the certificate that autodiscover.DOMAIN lacks: it
 * asks there without TLS and goes where it is sent, once the user agreed.
 */
static bool
is_redirect_probe(const struct request *request)
{
	return request->contract == CONTRACT_POX && !request->https &&
	       (request->method == WEB_GET || request->method == WEB_HEAD) &&
	       slice_starts_nocase(request->host, SLICE("autodiscover."));
}

static void
say_redirect(const struct work *work)
{
	work->response->web.status = 302;
	work->response->web.type = TEXT_PLAIN;
	work->response->web.headers = arena_printf(work->arena,
	    NO_STORE "Location: https://%s/autodiscover/autodiscover.xml\r\n",
	    work->provider->service_host);
	work->response->web.body = SLICE("See the other place.\n");
}

static void
say_refused(const struct work *work, int status)
{
	if (status == 405 && is_redirect_probe(work->request))
		say_redirect(work);
	else if (status == 405)
		say_wrong_method(work);
	else
		say_plain(work, status);
}

/* --- asking the directory --------------------------------------------- */

/* False when there is nothing to tell; then that has been said. */
static bool
ask(const struct work *work, const struct setup_question *question,
    struct setup *setup)
{
	bool as_domain = work->service->config->unresolved_as_domain;

	if (directory_setup(work->service->directory, work->arena, question,
		setup, work->why) < 0) {
		say_plain(work, 503);
		return false;
	}
	work->response->domain = setup->domain;
	if (policy_publishes(work->request, setup, as_domain))
		return true;
	say_plain(work, 404);
	return false;
}

/* What holds for a whole domain: nobody learns of an address by it. */
static bool
ask_domain(const struct work *work, struct slice domain, struct setup *setup)
{
	struct setup_question question = { .host = domain };

	return ask(work, &question, setup);
}

static bool
ask_address(const struct work *work, struct setup *setup)
{
	const struct request *request = work->request;
	struct setup_question question = { request->address, request->domain,
		request->emailmd5 };

	if (request->address_state == ADDRESS_GIVEN &&
	    !limiter_take(work->service->limiter, request->client, clock_ms()))
		return ask_domain(work, policy_domain(request->address), setup);
	return ask(work, &question, setup);
}

static struct publication
publication_of(const struct work *work, const struct setup *setup)
{
	return (struct publication){ .provider = work->provider,
		.setup = setup,
		.address = work->request->address };
}

/* --- one contract each ------------------------------------------------ */

static void
answer_mozilla(const struct work *work)
{
	struct setup setup;
	struct publication p = publication_of(work, &setup);

	if (ask_address(work, &setup))
		say(work, TEXT_XML,
		    work->request->address_state == ADDRESS_NONE ? FOR_EVERYBODY
								 : FOR_ONE,
		    render_mozilla(work->arena, &p));
}

static void
answer_pox(const struct work *work)
{
	static const char malformed[] = "The request is malformed";
	static const char no_schema[] =
	    "Only the schema for mail is provided here";
	enum pox_code code = work->request->pox;
	struct setup setup;
	struct publication p = publication_of(work, &setup);

	if (code != POX_OK)
		say(work, TEXT_XML, NO_STORE,
		    render_pox_error(work->arena, code,
			code == POX_MALFORMED ? malformed : no_schema,
			time(NULL)));
	else if (ask_address(work, &setup))
		say(work, TEXT_XML, NO_STORE, render_pox(work->arena, &p));
}

static void
say_v2_error(const struct work *work, const char *code, const char *message)
{
	say(work, "application/json", NO_STORE,
	    render_v2_error(work->arena, code, message));
	work->response->web.status = 400;
}

/* The same for each address of a domain, so none is looked up. */
static void
answer_v2(const struct work *work)
{
	const struct request *request = work->request;
	struct setup setup;

	if (request->address_state == ADDRESS_NONE || request->protocol.n == 0)
		say_v2_error(work, "MandatoryParameterMissing",
		    "Email and Protocol are wanted");
	else if (!slice_eq_nocase(request->protocol, SLICE("AutodiscoverV1")))
		say_v2_error(work, "InvalidProtocol",
		    "Only AutodiscoverV1 is provided here");
	else if (ask_domain(work, policy_domain(request->address), &setup))
		say(work, "application/json", NO_STORE,
		    render_v2(work->arena, work->provider));
}

static int
sign_profile(
    const struct work *work, struct slice content, struct slice *signed_out)
{
	const struct service *service = work->service;

	return service->notary != NULL
		   ? notary_sign(service->notary, work->arena, content,
			 signed_out, work->why)
		   : sign(service->signer, work->arena, content, signed_out,
			 work->why);
}

static void
answer_apple(const struct work *work)
{
	struct setup setup;
	struct publication p = publication_of(work, &setup);
	struct slice body;

	if (!ask_address(work, &setup))
		return;
	if (sign_profile(work, render_apple(work->arena, &p), &body) < 0)
		say_plain(work, 503);
	else
		say(work, "application/x-apple-aspen-config",
		    NO_STORE "Content-Disposition: attachment; "
			     "filename=\"mail.mobileconfig\"\r\n",
		    body);
}

static void
answer_pacc(const struct work *work)
{
	struct setup setup;

	if (!work->provider->pacc)
		say_plain(work, 404);
	else if (ask_domain(work, work->request->domain, &setup))
		say(work, "application/json", FOR_EVERYBODY,
		    pacc_body(work->arena, work->provider, &setup));
}

/* The form, and what is found; a page also where that is nothing. */
static void
answer_help(const struct work *work)
{
	enum language language =
	    language_of(work->request->language, LANGUAGE_ENGLISH);
	bool asked = work->request->address_state != ADDRESS_NONE;
	struct setup setup;
	struct publication p = publication_of(work, NULL);
	int status = 200;

	if (asked && ask_address(work, &setup))
		p.setup = &setup;
	else if (asked)
		status = work->response->web.status;
	if (status == 503)
		return;
	p.refused = asked && p.setup == NULL;
	say(work, "text/html; charset=utf-8", PAGE_HEADERS,
	    render_help(work->arena, &p, language));
	work->response->web.status = status;
}

static void
answer_style(const struct work *work)
{
	say(work, "text/css; charset=utf-8", FOR_EVERYBODY,
	    slice_of(help_style));
}

/* For the web server itself, which asks before it orders a certificate. */
static void
answer_ours(const struct work *work)
{
	const struct request *request = work->request;
	struct setup setup;

	if (!policy_is_local(request->client))
		say_plain(work, 404);
	else if (slice_eq(request->asked_host,
		     slice_of(work->provider->service_host)))
		say_plain(work, 200);
	else if (ask_domain(work,
		     policy_base(request->asked_host, work->provider->pacc),
		     &setup))
		say_plain(work, 200);
}

static void (*const answers[])(const struct work *) = {
	[CONTRACT_MOZILLA] = answer_mozilla,
	[CONTRACT_POX] = answer_pox,
	[CONTRACT_V2] = answer_v2,
	[CONTRACT_APPLE] = answer_apple,
	[CONTRACT_PACC] = answer_pacc,
	[CONTRACT_HELP] = answer_help,
	[CONTRACT_STYLE] = answer_style,
	[CONTRACT_OURS] = answer_ours,
};
_Static_assert(
    sizeof answers / sizeof *answers == CONTRACTS, "answer every contract");

void
respond(const struct service *service, struct arena *arena,
    const struct request *request, int status, struct response *response_out,
    struct why *why)
{
	struct work work = { service, &service->config->provider, arena,
		request, response_out, why };

	*response_out = (struct response){ .domain = SLICE("") };
	if (status != 0) {
		say_refused(&work, status);
		return;
	}
	assert(answers[request->contract] != NULL);
	answers[request->contract](&work);
}
