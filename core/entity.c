#include "core/entity.h"

#include "core/header.h"

enum { BOUNDARY_TRIES = 100 };

static struct slice
line_of(struct slice text)
{
	long lf = slice_find(text, '\n');

	return slice_head(text, lf < 0 ? text.n : (size_t)lf + 1);
}

struct entity
entity_of(struct slice octets)
{
	size_t n = header_length(octets);
	struct slice rest = slice_tail(octets, n), line = line_of(rest);

	/* A line that is no field ends the header as well, but is body. */
	if (slice_trim(line).n == 0)
		rest = slice_tail(rest, line.n);
	return (struct entity){ slice_head(octets, n), rest };
}

/* --- Content-Type and its kin ------------------------------------------ */

struct entity_value
entity_value(struct slice header, struct slice field, struct slice fallback)
{
	struct entity_value value = { .name = fallback };
	struct header_field found;
	long semicolon;

	if (!header_find(header, field, &found))
		return value;
	semicolon = slice_find(found.value, ';');
	value.name = found.value;
	if (semicolon >= 0) {
		value.name = slice_head(found.value, (size_t)semicolon);
		value.params = slice_tail(found.value, (size_t)semicolon + 1);
	}
	value.name = slice_trim(value.name);
	return value;
}

struct entity_value
entity_type(struct slice header)
{
	const struct slice text = SLICE("text/plain");
	struct entity_value type =
	    entity_value(header, SLICE("Content-Type"), text);

	return slice_find(type.name, '/') > 0
		   ? type
		   : (struct entity_value){ .name = text };
}

/* Blanks, line ends, and comments that hold no other. */
static void
skip_blanks(struct slice *s)
{
	*s = slice_trim(*s);
	while (s->n > 0 && s->p[0] == '(' && slice_find(*s, ')') > 0)
		*s =
		    slice_trim(slice_tail(*s, (size_t)slice_find(*s, ')') + 1));
}

static struct slice
quoted(struct arena *arena, struct slice *s)
{
	char *text = arena_alloc(arena, s->n + 1);
	size_t n = 0, i = 1;

	for (; i < s->n && s->p[i] != '"'; i++) {
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		if (s->p[i] != '\r' && s->p[i] != '\n')
			text[n++] = s->p[i];
	}
	*s = slice_tail(*s, i + 1);
	return (struct slice){ text, n };
}

static bool
ends_token(char c)
{
	return (unsigned char)c <= ' ' || strchr(";()\"", c) != NULL;
}

static struct slice
param_value(struct arena *arena, struct slice *s)
{
	struct slice whole;
	size_t n = 0;

	skip_blanks(s);
	if (s->n > 0 && s->p[0] == '"')
		return quoted(arena, s);
	while (n < s->n && !ends_token(s->p[n]))
		n++;
	whole = *s;
	*s = slice_tail(*s, n);
	return slice_head(whole, n);
}

/* Behind the next semicolon. */
static void
skip_param(struct slice *s)
{
	long semicolon = slice_find(*s, ';');

	*s = slice_tail(*s, semicolon < 0 ? s->n : (size_t)semicolon + 1);
}

bool
entity_param(struct arena *arena, const struct entity_value *value,
    struct slice name, struct slice *param_out)
{
	struct slice rest = value->params;

	for (;;) {
		long equals;
		struct slice here, param;

		skip_blanks(&rest);
		equals = slice_find(rest, '=');
		if (equals < 0)
			return false;
		here = slice_trim(slice_head(rest, (size_t)equals));
		rest = slice_tail(rest, (size_t)equals + 1);
		param = param_value(arena, &rest);
		if (slice_eq_nocase(here, name)) {
			*param_out = param;
			return true;
		}
		skip_param(&rest);
	}
}

/* --- parts -------------------------------------------------------------- */

struct entity_walk
entity_parts(struct slice body, struct slice boundary)
{
	return (struct entity_walk){
		.rest = body, .boundary = boundary, .start = body.p
	};
}

enum edge { EDGE_NONE, EDGE_OPEN, EDGE_CLOSE };

/*
 * RFC 2046 5.1.1: blanks may follow. What follows else makes it a line of
 * another, longer boundary.
 */
static enum edge
edge_of(struct slice line, struct slice boundary)
{
	struct slice rest = slice_tail(line, 2 + boundary.n);

	if (boundary.n == 0 || line.n < 2 + boundary.n ||
	    memcmp(line.p, "--", 2) != 0 ||
	    memcmp(line.p + 2, boundary.p, boundary.n) != 0)
		return EDGE_NONE;
	if (slice_trim(rest).n == 0)
		return EDGE_OPEN;
	if (rest.n >= 2 && memcmp(rest.p, "--", 2) == 0 &&
	    slice_trim(slice_tail(rest, 2)).n == 0)
		return EDGE_CLOSE;
	return EDGE_NONE;
}

/* Takes lines off the front until one is a boundary; that one as well. */
static struct slice
to_edge(struct entity_walk *walk, enum edge *edge_out)
{
	struct slice text = walk->rest;
	size_t n = 0;

	*edge_out = EDGE_NONE;
	while (*edge_out == EDGE_NONE && n < text.n) {
		struct slice line = line_of(slice_tail(text, n));

		*edge_out = edge_of(line, walk->boundary);
		if (*edge_out != EDGE_NONE) {
			walk->position = (size_t)(line.p - walk->start);
			walk->rest = slice_tail(text, n + line.n);
			return slice_head(text, n);
		}
		n += line.n;
	}
	walk->rest = (struct slice){ NULL, 0 };
	return text;
}

/* The line end before a boundary is part of it. */
static struct slice
without_line_end(struct slice text)
{
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n > 0 && text.p[text.n - 1] == '\r')
		text.n--;
	return text;
}

bool
entity_next(struct entity_walk *walk, struct entity *part_out)
{
	enum edge edge = EDGE_OPEN;
	struct slice octets;

	if (walk->closed || walk->boundary.n == 0)
		return false;
	if (walk->rest.p ==
	    walk->start) /* what precedes the first is no part */
		(void)to_edge(walk, &edge);
	walk->closed = edge == EDGE_CLOSE;
	if (edge != EDGE_OPEN || walk->rest.n == 0)
		return false;
	octets = to_edge(walk, &edge);
	walk->closed = edge == EDGE_CLOSE;
	*part_out =
	    entity_of(edge == EDGE_NONE ? octets : without_line_end(octets));
	return true;
}

bool
entity_has_boundary(struct slice text, struct slice boundary)
{
	while (text.n > 0) {
		struct slice line = line_of(text);

		if (line.n >= 2 + boundary.n && memcmp(line.p, "--", 2) == 0 &&
		    memcmp(line.p + 2, boundary.p, boundary.n) == 0)
			return true;
		text = slice_tail(text, line.n);
	}
	return false;
}

/* "=_" occurs in no quoted-printable text (RFC 2045 6.7). */
const char *
entity_new_boundary(struct arena *arena, struct slice text, struct slice other)
{
	for (int i = 0; i < BOUNDARY_TRIES; i++) {
		const char *boundary = arena_printf(arena, "=_part-%d-", i);

		if (!entity_has_boundary(text, slice_of(boundary)) &&
		    !entity_has_boundary(other, slice_of(boundary)))
			return boundary;
	}
	return NULL;
}
