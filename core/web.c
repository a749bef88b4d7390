#include "core/web.h"

#include <string.h>

#include "core/addr.h"
#include "core/buf.h"

enum { HEAD_MAX = 8192 }; /* all of it is ours */

/* --- what is asked ---------------------------------------------------- */

struct slice
web_variable(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++) {
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return slice_of(*env + n + 1);
	}
	return SLICE("");
}

enum web_method
web_method(char *const *env)
{
	struct slice method = web_variable(env, "REQUEST_METHOD");

	if (slice_eq(method, SLICE("GET")))
		return WEB_GET;
	if (slice_eq(method, SLICE("HEAD")))
		return WEB_HEAD;
	return slice_eq(method, SLICE("POST")) ? WEB_POST : WEB_OTHER;
}

struct slice
web_path(struct arena *arena, char *const *env)
{
	struct slice path = web_variable(env, "DOCUMENT_URI"), script, info;

	if (path.n > 0)
		return path;
	script = web_variable(env, "SCRIPT_NAME");
	info = web_variable(env, "PATH_INFO");
	return slice_of(arena_printf(
	    arena, "%.*s%.*s", SLICE_FMT(script), SLICE_FMT(info)));
}

struct slice
web_host(struct arena *arena, struct slice host)
{
	long colon = slice_rfind(host, ':');
	struct slice clean;

	if (colon >= 0)
		host = slice_head(host, (size_t)colon);
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (slice_is_text(host) && addr_domain(arena, host, &clean) == 0 &&
	    clean.p[0] != '[')
		return clean;
	return SLICE("");
}

bool
web_is_https(char *const *env)
{
	return slice_eq_nocase(web_variable(env, "HTTPS"), SLICE("on")) ||
	       slice_eq_nocase(
		   web_variable(env, "REQUEST_SCHEME"), SLICE("https"));
}

bool
web_is_type(struct slice header, const char *type)
{
	struct slice essence;

	return slice_cut(&header, ';', &essence) &&
	       slice_eq_nocase(slice_trim(essence), slice_of(type));
}

bool
web_body_length(char *const *env, size_t max, size_t *bytes_out)
{
	struct slice text = web_variable(env, "CONTENT_LENGTH");
	unsigned long long n = 0;

	if (text.n > 0 && !slice_number(text, max, &n))
		return false;
	*bytes_out = (size_t)n;
	return true;
}

struct slice
web_read_body(
    const struct web_exchange *exchange, struct arena *arena, size_t n)
{
	char *octets = arena_alloc(arena, n + 1);

	return (
	    struct slice){ octets, exchange->read(exchange->peer, octets, n) };
}

/* --- what is answered ------------------------------------------------- */

/* CGI's Status header (RFC 3875 6.3.3), which needs a phrase. */
static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 200, "OK" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 410, "Gone" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 429, "Too Many Requests" },
};

static const char *
phrase_of(int status)
{
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Service Unavailable";
}

static void
add_head(struct buf *text, const struct web_response *response)
{
	(void)buf_addf(text,
	    "Status: %d %s\r\n"
	    "Content-Type: %s\r\n"
	    "%s"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n",
	    response->status, phrase_of(response->status), response->type,
	    response->headers);
}

void
web_begin(
    const struct web_exchange *exchange, const struct web_response *response)
{
	AUTO_BUF struct buf text = BUF_INIT(HEAD_MAX);

	add_head(&text, response);
	(void)buf_add_text(&text, "\r\n");
	exchange->write(exchange->peer, buf_slice(&text));
}

void
web_respond(
    const struct web_exchange *exchange, const struct web_response *response)
{
	AUTO_BUF struct buf text = BUF_INIT(HEAD_MAX + response->body.n);

	add_head(&text, response);
	(void)buf_addf(&text, "Content-Length: %zu\r\n\r\n", response->body.n);
	if (web_method(exchange->env) != WEB_HEAD)
		(void)buf_add_slice(&text, response->body);
	exchange->write(exchange->peer, buf_slice(&text));
}
