/*
 * sieve/fields.h - the header of a message or of a MIME part, as tests see it.
 *
 * Built once per message; a run that edits the header works on a copy of the
 * list, so that neither another run nor a test that is still comparing ever
 * sees a field change under it.
 */
#ifndef HAUSPOST_SIEVE_FIELDS_H
#define HAUSPOST_SIEVE_FIELDS_H

#include "sieve/sieve.h"

struct field {
	struct slice name;
	struct slice raw;   /* trimmed, still folded and encoded */
	struct slice whole; /* with line ends; empty when editheader made it */
	struct slice text;  /* unfolded and decoded; p NULL: not yet asked */
};

struct fields {
	struct field *list;
	size_t n;
	struct arena *arena; /* where texts go */
};

/* Up to SIEVE_FIELDS_MAX fields of the header block at the front. */
struct fields *fields_parse(struct arena *arena, struct slice octets);

/* A list of its own over the same texts, with room for one field more. */
struct fields *fields_copy(struct arena *arena, const struct fields *fields);

/* What a reader would see of it. */
struct slice fields_text(struct fields *fields, size_t i);

static inline bool
field_is(const struct field *field, struct slice name)
{
	return field->name.n == name.n &&
	       slice_starts_nocase(field->name, name);
}

/* Index of the first field of that name at or behind from; n: none. */
size_t fields_find(const struct fields *fields, struct slice name, size_t from);

#endif
