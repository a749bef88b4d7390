/*
 * lists/ask.h - what SQL knows for lists/listpolicy.h.
 *
 * Asked anew for each post: who is a member changes by the minute, and posts
 * are few beside other mail.
 *
 * Ownership: the answer lives in the arena.
 * Threads:   any.
 */
#ifndef HAUSPOST_LISTS_ASK_H
#define HAUSPOST_LISTS_ASK_H

#include "core/db.h"
#include "lists/listpolicy.h"

/*
 * recipient: the address of a list, or a leaf of kind list. 1 found, 0 it is
 * no list or a command to one, -errno with why.
 */
int ask_listpolicy(struct db_pool *pool, struct arena *arena,
    const struct slice question[2], struct listpolicy *policy_out,
    struct why *why);

enum { ASK_RECIPIENT, ASK_AUTHOR }; /* of the question */

#endif
