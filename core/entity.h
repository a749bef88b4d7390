/*
 * core/entity.h - MIME entities as they stand (RFC 2045 2.4, RFC 2046 5.1).
 *
 * For those who must find a part, or add one, and leave every other octet
 * where it is. Takes any octets; lines end in LF or CRLF. What cannot be
 * understood is text/plain, or has no parts.
 *
 *	struct entity_walk walk = entity_parts(message, boundary);
 *	while (entity_next(&walk, &part)) …
 *
 * Ownership: slices point into what was given, unless an arena is.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_ENTITY_H
#define HAUSPOST_CORE_ENTITY_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

enum { ENTITY_BOUNDARY_MAX = 70 }; /* RFC 2046 5.1.1 */

struct entity {
	struct slice header; /* without the empty line */
	struct slice body;
};

/* The value of a Content-Type, Content-Disposition … field. */
struct entity_value {
	struct slice name;   /* "text/plain", "attachment" as written */
	struct slice params; /* behind the first semicolon, still folded */
};

struct entity entity_of(struct slice octets);

/* Of the field with this name; where there is none, name is fallback. */
struct entity_value entity_value(
    struct slice header, struct slice field, struct slice fallback);

/* Content-Type; what is none counts as text/plain (RFC 2045 5.2). */
struct entity_value entity_type(struct slice header);

/* A parameter without its quotes. RFC 2231's pieces are not put together. */
bool entity_param(struct arena *arena, const struct entity_value *value,
    struct slice name, struct slice *param_out);

struct entity_walk {
	struct slice rest;
	struct slice boundary;
	bool closed; /* the closing boundary was met */
	/* Of the boundary line that was met last, in octets of the body. */
	size_t position;
	const char *start;
};

/* The parts of a multipart body, which an empty boundary has none of. */
struct entity_walk entity_parts(struct slice body, struct slice boundary);

/* The next part; one without a boundary behind it ends with the body. */
bool entity_next(struct entity_walk *walk, struct entity *part_out);

/* A line that begins with "--" and boundary stands somewhere in text. */
bool entity_has_boundary(struct slice text, struct slice boundary);

/*
 * A boundary that occurs in neither of both texts, or NULL: a message can
 * hold a few on purpose, but then it need not go where it would do harm.
 */
const char *entity_new_boundary(
    struct arena *arena, struct slice text, struct slice other);

#endif
