/*
 * listmgr/anonymous.h - a post as an anonymous list keeps it: nothing in its
 * header says who wrote it.
 *
 * Kept are the fields that a reader needs; all others could tell, and nobody
 * knows them all. What the author says in the text is the author's business.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LISTMGR_ANONYMOUS_H
#define HAUSPOST_LISTMGR_ANONYMOUS_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct list;

/* A field of this name may stay. */
bool anonymous_keeps(struct slice name);

/*
 * The post from the list itself, under a Message-ID that is made of its own:
 * a repeat gets the same one. Lines end in LF; lives in the arena.
 */
struct slice anonymous_post(
    struct arena *arena, const struct list *list, struct slice message);

#endif
