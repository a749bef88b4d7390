#include "listweb/request.h"

#include "core/form.h"
#include "core/percent.h"

enum {
	TOKEN_MIN = 20,
	TOKEN_MAX = 64,
	MESSAGE_ID_MAX = 998, /* RFC 5322 2.1.1: a line */
	LIST_MAX = 320,
	NUMBER_MAX = 1 << 30,
	PARTS_MAX = 4, /* of a path */
};

/*
 * Parts that begin with $ are of the kind that the word says. The first route
 * that fits is taken, so words come before what could be anything.
 */
static const struct {
	const char *name, *path;
	bool get, post, archive;
} routes[] = {
	[ROUTE_NONE] = { "none", NULL, true, true, false },
	[ROUTE_INDEX] = { "index", "", true, false, false },
	[ROUTE_STYLE] = { "style", "style.css", true, false, false },
	[ROUTE_ROBOTS] = { "robots", "robots.txt", true, false, false },
	[ROUTE_OWN] = { "own", "me", true, true, false },
	[ROUTE_CONFIRM] = { "confirm", "c/$token", true, true, false },
	[ROUTE_LEAVE] = { "leave", "u/$token", true, true, false },
	[ROUTE_WAITING] = { "waiting", "h/$token", true, true, false },
	[ROUTE_LIST] = { "list", "l/$list", true, false, false },
	[ROUTE_SUBSCRIBE] = { "subscribe", "l/$list/subscribe", true, true,
	    false },
	[ROUTE_UNSUBSCRIBE] = { "unsubscribe", "l/$list/unsubscribe", true,
	    true, false },
	[ROUTE_ENTER] = { "enter", "l/$list/enter", true, true, false },
	[ROUTE_QUEUE] = { "queue", "l/$list/queue", true, false, false },
	[ROUTE_SEARCH] = { "search", "l/$list/search", true, false, true },
	[ROUTE_FEED] = { "feed", "l/$list/feed.atom", true, false, true },
	[ROUTE_MONTH] = { "month", "l/$list/$month", true, false, true },
	[ROUTE_MONTH_MBOX] = { "month-mbox", "l/$list/$month/mbox.gz", true,
	    false, true },
	[ROUTE_MESSAGE] = { "message", "l/$list/$id", true, false, true },
	[ROUTE_RAW] = { "raw", "l/$list/$id/raw", true, false, true },
	[ROUTE_THREAD] = { "thread", "l/$list/$id/thread", true, false, true },
	[ROUTE_THREAD_MBOX] = { "thread-mbox", "l/$list/$id/mbox.gz", true,
	    false, true },
	[ROUTE_REMOVE] = { "remove", "l/$list/$id/remove", false, true, true },
	[ROUTE_PART] = { "part", "l/$list/$id/$number", true, false, true },
};
_Static_assert(sizeof routes / sizeof *routes == ROUTES, "name every route");

const char *
route_name(enum route route)
{
	return routes[route].name;
}

const char *
route_allow(enum route route)
{
	if (!routes[route].post)
		return "GET, HEAD";
	return routes[route].get ? "GET, HEAD, POST" : "POST";
}

bool
route_is_archive(enum route route)
{
	return routes[route].archive;
}

/* --- parts of a path -------------------------------------------------- */

static bool
is_clean(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	}
	return slice_is_text(text);
}

static bool
take_token(struct arena *arena, struct slice part, struct slice *token_out)
{
	char *token = arena_strndup(arena, part.p, part.n);

	if (part.n < TOKEN_MIN || part.n > TOKEN_MAX)
		return false;
	for (size_t i = 0; i < part.n; i++) {
		token[i] = (char)ascii_lower((unsigned char)token[i]);
		if (!strchr("abcdefghijklmnopqrstuvwxyz234567", token[i]) ||
		    token[i] == '\0')
			return false;
	}
	*token_out = (struct slice){ token, part.n };
	return true;
}

/* "2026-11" */
static bool
is_month(struct slice part)
{
	unsigned long long year = 0, month = 0;

	return part.n == 7 && part.p[4] == '-' &&
	       slice_number(slice_head(part, 4), 9999, &year) &&
	       slice_number(slice_tail(part, 5), 12, &month) && year >= 1970 &&
	       month > 0;
}

static bool
take_text(struct slice part, size_t max, struct slice *text_out)
{
	*text_out = part;
	return part.n > 0 && part.n <= max && is_clean(part);
}

static bool
take_part(struct arena *arena, struct slice want, struct slice part,
    struct request *request)
{
	if (slice_eq(want, SLICE("$token")))
		return take_token(arena, part, &request->token);
	if (slice_eq(want, SLICE("$list")))
		return take_text(part, LIST_MAX, &request->list);
	if (slice_eq(want, SLICE("$id")))
		return take_text(part, MESSAGE_ID_MAX, &request->message_id);
	if (slice_eq(want, SLICE("$number")))
		return slice_number(part, NUMBER_MAX, &request->number);
	if (slice_eq(want, SLICE("$month"))) {
		request->month = part;
		return is_month(part);
	}
	return slice_eq(want, part);
}

static bool
takes_route(struct arena *arena, enum route route, const struct slice *parts,
    struct request *request)
{
	struct slice path = slice_of(routes[route].path), want;
	size_t i = 0;

	while (slice_cut(&path, '/', &want)) {
		if (parts[i].p == NULL ||
		    !take_part(arena, want, parts[i], request))
			return false;
		i++;
	}
	return parts[i].p == NULL;
}

/* Decoded one by one: a Message-ID may hold a slash. */
static bool
split_path(struct arena *arena, struct slice path, struct slice *parts)
{
	struct slice part;
	size_t n = 0;

	if (path.n == 0 || path.p[0] != '/')
		return false;
	path = slice_tail(path, 1);
	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--; /* with one at its end it is the same page */
	while (slice_cut(&path, '/', &part)) {
		if (n == PARTS_MAX)
			return false;
		parts[n++] = percent_decode(arena, part);
	}
	return true;
}

static void
find_route(struct arena *arena, struct slice path, struct request *request)
{
	struct slice parts[PARTS_MAX + 1] = { { NULL, 0 } };

	if (!split_path(arena, path, parts))
		return;
	for (int i = ROUTE_NONE + 1; i < ROUTES; i++) {
		if (takes_route(arena, (enum route)i, parts, request)) {
			request->route = (enum route)i;
			return;
		}
	}
}

/* --- variables -------------------------------------------------------- */

/* As it was asked, since a decoded one cannot be taken apart. */
static struct slice
read_path(struct arena *arena, char *const *env)
{
	struct slice uri = web_variable(env, "REQUEST_URI"), path;

	if (uri.n == 0)
		return web_path(arena, env);
	return slice_cut(&uri, '?', &path) ? path : SLICE("");
}

static struct slice
read_session(struct arena *arena, char *const *env)
{
	struct slice cookies = web_variable(env, "HTTP_COOKIE");
	struct slice cookie, name, token;

	while (slice_cut(&cookies, ';', &cookie)) {
		cookie = slice_trim(cookie);
		if (slice_cut(&cookie, '=', &name) &&
		    slice_eq(name, SLICE(REQUEST_COOKIE)) &&
		    take_token(arena, cookie, &token))
			return token;
	}
	return SLICE("");
}

/* Browsers tell; what is none sends no cookie either. */
static bool
is_foreign(char *const *env)
{
	struct slice site = web_variable(env, "HTTP_SEC_FETCH_SITE");

	return site.n > 0 && !slice_eq(site, SLICE("same-origin")) &&
	       !slice_eq(site, SLICE("none"));
}

static bool
is_allowed(const struct request *request)
{
	if (request->method == WEB_POST)
		return routes[request->route].post;
	return request->method != WEB_OTHER && routes[request->route].get;
}

/* RFC 8058 3.2 knows both types; no other of our forms is multipart. */
static int
check_body(char *const *env, struct request *request)
{
	struct slice type = web_variable(env, "CONTENT_TYPE");

	if (!web_is_type(type, "application/x-www-form-urlencoded") &&
	    !(request->route == ROUTE_LEAVE &&
		web_is_type(type, "multipart/form-data")))
		return 415;
	return web_body_length(env, REQUEST_BODY_MAX, &request->body_bytes)
		   ? 0
		   : 413;
}

int
request_read(struct arena *arena, char *const *env, struct request *request_out)
{
	struct request *request = request_out;
	struct slice path = read_path(arena, env);

	*request = (struct request){ .method = web_method(env),
		.client = web_variable(env, "REMOTE_ADDR"),
		.language = web_variable(env, "HTTP_ACCEPT_LANGUAGE"),
		.session = read_session(arena, env),
		.foreign = is_foreign(env),
		.query = web_variable(env, "QUERY_STRING") };
	if (path.n > REQUEST_PATH_MAX || request->query.n > REQUEST_QUERY_MAX)
		return 414;
	find_route(arena, path, request);
	if (request->route == ROUTE_NONE)
		return 404;
	if (!is_allowed(request))
		return 405;
	return request->method == WEB_POST ? check_body(env, request) : 0;
}

/* --- the body --------------------------------------------------------- */

static bool
has(struct slice text, struct slice part)
{
	return text.n > 0 && memmem(text.p, text.n, part.p, part.n) != NULL;
}

void
request_take_body(
    struct arena *arena, struct slice body, struct request *request)
{
	struct slice field = form_get(body, SLICE("List-Unsubscribe"), arena);

	request->form = body;
	/* In multipart/form-data it is a part of its own, of these words. */
	request->one_click = slice_eq(field, SLICE("One-Click")) ||
			     (has(body, SLICE("name=\"List-Unsubscribe\"")) &&
				 has(body, SLICE("\nOne-Click")));
}

struct slice
request_field(
    const struct request *request, struct arena *arena, const char *name)
{
	struct slice from =
	    request->method == WEB_POST ? request->form : request->query;
	struct slice value = form_get(from, slice_of(name), arena);

	return slice_is_text(value) ? slice_trim(value) : SLICE("");
}
