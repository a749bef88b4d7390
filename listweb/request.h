/*
 * listweb/request.h - what a browser asks, out of CGI variables.
 *
 * Takes whatever strangers send. A path becomes a route and its parts, each
 * of which is what its place wants: a token is a token, a month a month, all
 * other text UTF-8 without control characters.
 *
 * Ownership: texts live in the arena or in the variables.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTWEB_REQUEST_H
#define HAUSPOST_LISTWEB_REQUEST_H

#include "core/web.h"

enum {
	REQUEST_PATH_MAX = 4096, /* a Message-ID has 998 octets, each as %XX */
	REQUEST_QUERY_MAX = 2048,
	REQUEST_BODY_MAX = 16384, /* a reason for an author is the longest */
};

enum route {
	ROUTE_NONE, /* no path of ours */
	ROUTE_INDEX,
	ROUTE_STYLE,
	ROUTE_ROBOTS,
	ROUTE_OWN,     /* the visitor's memberships */
	ROUTE_CONFIRM, /* what a mailed link stands for */
	ROUTE_LEAVE,   /* RFC 8058 */
	ROUTE_WAITING, /* one post for a moderator */
	ROUTE_LIST,
	ROUTE_SUBSCRIBE,
	ROUTE_UNSUBSCRIBE,
	ROUTE_ENTER, /* wants a link that opens a session */
	ROUTE_QUEUE, /* all posts for a moderator */
	ROUTE_SEARCH,
	ROUTE_FEED,
	ROUTE_MONTH,
	ROUTE_MONTH_MBOX,
	ROUTE_MESSAGE,
	ROUTE_RAW,
	ROUTE_THREAD,
	ROUTE_THREAD_MBOX,
	ROUTE_REMOVE,
	ROUTE_PART,
	ROUTES
};

struct request {
	enum route route;
	enum web_method method;
	struct slice client;   /* IP address */
	struct slice language; /* Accept-Language */
	struct slice session;  /* of the cookie, or empty */
	bool foreign;	       /* another site's page sends this form */

	struct slice list, token, message_id, month;
	unsigned long long number;

	struct slice query;
	size_t body_bytes; /* to be read before request_take_body() */
	struct slice form;
	bool one_click; /* the body of RFC 8058 3.2 */
};

/*
 * env: "NAME=value", ending in NULL. Returns 0, or the HTTP status that
 * refuses: 404 no path of ours, 405, 413, 414, 415. The request is filled in
 * either case, as far as that could be.
 */
int request_read(
    struct arena *arena, char *const *env, struct request *request_out);

/* The body of a POST, which is at most request->body_bytes long. */
void request_take_body(
    struct arena *arena, struct slice body, struct request *request);

/* "message", … for the log. */
const char *route_name(enum route route);

/* What Allow says for 405. */
const char *route_allow(enum route route);

/* Is this page of a list about its posts? */
bool route_is_archive(enum route route);

/* A field of the form, or of the query where it is a GET; cleaned text. */
struct slice request_field(
    const struct request *request, struct arena *arena, const char *name);

#define REQUEST_COOKIE "__Host-lists"

#endif
