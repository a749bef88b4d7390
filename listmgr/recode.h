/*
 * listmgr/recode.h - text of one charset in another one, whole or not at all.
 *
 * Unlike sieve/charset.h, which compares text, this is for text that goes
 * out again: a character must not become another one.
 *
 * Ownership: the result lives in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_RECODE_H
#define HAUSPOST_LISTMGR_RECODE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct recode {
	struct slice from,
	    to; /* names of charsets, as a stranger writes them */
};

/* False: an unknown charset, malformed text, or a character it has not. */
bool recode_text(struct arena *arena, const struct recode *recode,
    struct slice text, struct slice *out);

#endif
