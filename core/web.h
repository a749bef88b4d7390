/*
 * core/web.h - one request in, one response out (RFC 3875).
 *
 * FastCGI (core/fastcgi) and plain CGI (core/cgi) differ in how octets come
 * and go; from here on they are the same.
 *
 * Ownership: texts live in the arena or in the variables.
 * Threads:   any; an exchange belongs to one.
 */
#ifndef HAUSPOST_CORE_WEB_H
#define HAUSPOST_CORE_WEB_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

enum web_method { WEB_GET, WEB_HEAD, WEB_POST, WEB_OTHER };

struct web_exchange {
	char *const *env; /* "NAME=value", ends in NULL */
	void *peer;
	/* Up to n octets of the body; fewer at its end only. */
	size_t (*read)(void *peer, char *octets, size_t n);
	void (*write)(void *peer, struct slice octets);
};

struct web_response {
	int status;
	const char *type;    /* Content-Type */
	const char *headers; /* whole lines, or "" */
	struct slice body;
};

/* Answers one exchange. The arena may be reset afterwards. */
typedef void web_answer(
    void *arg, struct arena *arena, const struct web_exchange *exchange);

/* A variable's value; empty when it is not there. */
struct slice web_variable(char *const *env, const char *name);

enum web_method web_method(char *const *env);

/* The path below the host name, decoded by the web server. */
struct slice web_path(struct arena *arena, char *const *env);

/* A host name in lower case as A-label, without port; empty if it is none. */
struct slice web_host(struct arena *arena, struct slice host);
bool web_is_https(char *const *env);

/* Is a Content-Type this one, whatever its parameters? */
bool web_is_type(struct slice header, const char *type);

/*
 * The length that the body shall have, 0 where none is told. False when it
 * is no number or above max.
 */
bool web_body_length(char *const *env, size_t max, size_t *bytes_out);

/* n octets of the body, or all where there are fewer. */
struct slice web_read_body(
    const struct web_exchange *exchange, struct arena *arena, size_t n);

/*
 * For a body that is written piece by piece afterwards, by the exchange: the
 * head without a length. HEAD gets no pieces.
 */
void web_begin(
    const struct web_exchange *exchange, const struct web_response *response);

/* HEAD gets no body, but its length. */
void web_respond(
    const struct web_exchange *exchange, const struct web_response *response);

#endif
