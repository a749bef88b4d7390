/*
 * core/header.h - walk the header block of a message, field by field.
 *
 * Takes any octets: lines may end in LF or CRLF, a line without a colon ends
 * the header, as does an empty one. Nothing is copied; a folded value keeps
 * its line ends until header_unfold().
 *
 *	struct header_walk walk = header_start(message);
 *	while (header_next(&walk, &field)) …
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CORE_HEADER_H
#define HAUSPOST_CORE_HEADER_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct header_field {
	struct slice name;  /* without blanks before the colon */
	struct slice value; /* behind the colon, trimmed, still folded */
	struct slice whole; /* all octets of the field with its line ends */
};

struct header_walk {
	struct slice rest;
};

static inline struct header_walk
header_start(struct slice message)
{
	return (struct header_walk){ message };
}

/* The next field; false at the end of the header. */
bool header_next(struct header_walk *walk, struct header_field *field_out);

/* Octets of the header block, the empty line behind it not counted. */
size_t header_length(struct slice message);

/* The value without line ends (RFC 5322 2.2.3). */
struct slice header_unfold(struct arena *arena, struct slice value);

/* The first field of this name. */
bool header_find(
    struct slice message, struct slice name, struct header_field *field_out);

#endif
