#include "autoconfig-cgi/request.h"

#include "autoconfig-cgi/pox.h"
#include "core/addr.h"
#include "core/form.h"
#include "core/pacc.h"

enum { MD5_DIGITS = 32 };

static const struct {
	const char *name, *allow;
	bool get, post;
} contracts[] = {
	[CONTRACT_NONE] = { "none", "GET, HEAD", true, true },
	[CONTRACT_MOZILLA] = { "mozilla", "GET, HEAD", true, false },
	[CONTRACT_POX] = { "pox", "POST", false, true },
	[CONTRACT_V2] = { "v2", "GET, HEAD", true, false },
	[CONTRACT_APPLE] = { "apple", "GET, HEAD, POST", true, true },
	[CONTRACT_PACC] = { "pacc", "GET, HEAD", true, false },
	[CONTRACT_HELP] = { "help", "GET, HEAD", true, false },
	[CONTRACT_STYLE] = { "style", "GET, HEAD", true, false },
	[CONTRACT_OURS] = { "ours", "GET, HEAD", true, false },
};
_Static_assert(
    sizeof contracts / sizeof *contracts == CONTRACTS, "name every contract");

static const struct {
	const char *path;
	enum contract contract;
	bool any_case; /* Outlook writes /Autodiscover/Autodiscover.xml too */
} paths[] = {
	{ "/mail/config-v1.1.xml", CONTRACT_MOZILLA, false },
	{ "/.well-known/autoconfig/mail/config-v1.1.xml", CONTRACT_MOZILLA,
	    false },
	{ "/autodiscover/autodiscover.xml", CONTRACT_POX, true },
	{ "/autodiscover/autodiscover.json", CONTRACT_V2, true },
	{ "/mobileconfig", CONTRACT_APPLE, false },
	{ "/.well-known/user-agent-configuration.json", CONTRACT_PACC, false },
	{ "/", CONTRACT_HELP, false },
	{ "/help.css", CONTRACT_STYLE, false },
	{ "/ours", CONTRACT_OURS, false },
};

/* Microsoft's cloud may put the address into the path instead. */
static const char v2_prefix[] = "/autodiscover/autodiscover.json/v1.0/";

static const char *const service_labels[] = { "autoconfig.", "autodiscover.",
	PACC_LABEL "." };

const char *
contract_name(enum contract contract)
{
	return contracts[contract].name;
}

const char *
contract_allow(enum contract contract)
{
	return contracts[contract].allow;
}

size_t
request_label(struct slice host)
{
	for (size_t i = 0; i < sizeof service_labels / sizeof *service_labels;
	     i++) {
		struct slice label = slice_of(service_labels[i]);

		if (slice_starts_nocase(host, label))
			return label.n;
	}
	return 0;
}

static enum contract
find_contract(struct slice path)
{
	if (slice_starts_nocase(path, slice_of(v2_prefix)))
		return CONTRACT_V2;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct slice known = slice_of(paths[i].path);

		if (paths[i].any_case ? slice_eq_nocase(path, known)
				      : slice_eq(path, known))
			return paths[i].contract;
	}
	return CONTRACT_NONE;
}

/* --- the address ------------------------------------------------------ */

/* RFC 5321 4.5.3.1. Before EAI all addresses of ours are ASCII. */
static bool
parse_address(struct arena *arena, struct slice text, struct addr *addr)
{
	if (text.n == 0 || text.n > ADDR_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX ||
	    text.p[0] == '<' || !slice_is_text(text))
		return false;
	return addr_parse(arena, text, false, addr) == 0 && addr->local.n > 0 &&
	       addr->local.n <= ADDR_LOCAL_MAX && addr->domain.n > 0 &&
	       addr->domain.n <= ADDR_DOMAIN_MAX;
}

static void
take_address(struct arena *arena, struct slice text, struct request *request)
{
	struct addr addr;

	request->address_state = ADDRESS_MALFORMED;
	if (!parse_address(arena, slice_trim(text), &addr))
		return;
	request->address_state = ADDRESS_GIVEN;
	request->address = addr_text(arena, &addr);
}

static void
take_md5(struct arena *arena, struct slice text, struct request *request)
{
	char *md5 = arena_strndup(arena, text.p, text.n);

	if (text.n != MD5_DIGITS)
		return;
	for (size_t i = 0; i < text.n; i++) {
		md5[i] = (char)ascii_lower((unsigned char)md5[i]);
		if (md5[i] == '\0' || !strchr("0123456789abcdef", md5[i]))
			return;
	}
	request->emailmd5 = (struct slice){ md5, text.n };
}

/* Each contract has its name for the address; the first one counts. */
static void
take_fields(struct arena *arena, struct slice form, struct request *request)
{
	struct slice value, name = SLICE("emailaddress");

	if (request->contract == CONTRACT_V2)
		name = SLICE("email");
	if (form_find(form, name, arena, &value) && value.n > 0)
		take_address(arena, value, request);
	if (form_find(form, SLICE("emailmd5"), arena, &value))
		take_md5(arena, value, request);
	(void)form_find(form, SLICE("protocol"), arena, &request->protocol);
	if (form_find(form, SLICE("domain"), arena, &value))
		request->asked_host = web_host(arena, value);
}

static void
take_path_address(
    struct arena *arena, struct slice path, struct request *request)
{
	struct slice prefix = slice_of(v2_prefix);

	if (slice_starts_nocase(path, prefix) && path.n > prefix.n)
		take_address(arena, slice_tail(path, prefix.n), request);
}

/* --- the whole -------------------------------------------------------- */

static bool
is_allowed(const struct request *request)
{
	if (request->method == WEB_POST)
		return contracts[request->contract].post;
	return request->method != WEB_OTHER && contracts[request->contract].get;
}

static bool
is_body_type(enum contract contract, struct slice type)
{
	if (contract == CONTRACT_POX)
		return web_is_type(type, "text/xml") ||
		       web_is_type(type, "application/xml");
	return web_is_type(type, "application/x-www-form-urlencoded");
}

/* A missing length is that of no body, which is malformed in POX. */
static int
check_body(char *const *env, struct request *request)
{
	if (!is_body_type(request->contract, web_variable(env, "CONTENT_TYPE")))
		return 415;
	return web_body_length(env, REQUEST_BODY_MAX, &request->body_bytes)
		   ? 0
		   : 413;
}

static void
read_where(struct arena *arena, char *const *env, struct request *request)
{
	request->https = web_is_https(env);
	request->host = web_host(arena, web_variable(env, "HTTP_HOST"));
	request->domain =
	    slice_tail(request->host, request_label(request->host));
	request->client = web_variable(env, "REMOTE_ADDR");
	request->language = web_variable(env, "HTTP_ACCEPT_LANGUAGE");
}

int
request_read(struct arena *arena, char *const *env, struct request *request_out)
{
	struct request *request = request_out;
	struct slice path = web_path(arena, env);

	*request = (struct request){ .contract = find_contract(path),
		.method = web_method(env),
		.query = web_variable(env, "QUERY_STRING") };
	read_where(arena, env, request);
	if (request->contract == CONTRACT_NONE)
		return 404;
	if (!is_allowed(request))
		return 405;
	if (request->query.n > REQUEST_QUERY_MAX)
		return 414;
	if (request->contract != CONTRACT_POX)
		take_fields(arena, request->query, request);
	take_path_address(arena, path, request);
	return request->method == WEB_POST ? check_body(env, request) : 0;
}

void
request_take_body(
    struct arena *arena, struct slice body, struct request *request)
{
	struct slice address;

	if (request->contract != CONTRACT_POX) {
		take_fields(arena, body, request);
		return;
	}
	request->pox = pox_parse(arena, body, &address);
	if (request->pox == POX_OK)
		take_address(arena, address, request);
}
