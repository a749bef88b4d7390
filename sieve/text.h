/*
 * sieve/text.h - strings of a script while it runs (RFC 5229 section 3).
 */
#ifndef HAUSPOST_SIEVE_TEXT_H
#define HAUSPOST_SIEVE_TEXT_H

#include "sieve/run.h"

/* What a string with variables is now; never longer than 64 KB. */
struct slice text_expand(struct run *run, const struct text *text);

static inline struct slice
text_value(struct run *run, const struct text *text)
{
	return text->parts == NULL ? text->fixed : text_expand(run, text);
}

/* An optional argument: empty when it is absent. */
static inline struct slice
text_or_empty(struct run *run, const struct text *text)
{
	return text != NULL ? text_value(run, text) : (struct slice){ "", 0 };
}

/* A copy that outlives the program, for what goes into a result. */
struct slice text_copy(struct run *run, const struct text *text);

/* s, or its longest beginning of at most max octets in whole characters. */
struct slice text_cut(struct slice s, size_t max);

/* What a variable is now, empty while it was never set. */
struct slice text_get(struct run *run, const struct variable_ref *ref);

/* Writes a variable of the running script, cut to SIEVE_VARIABLE_MAX. */
void text_set(
    struct run *run, const struct variable_ref *ref, struct slice value);

#endif
