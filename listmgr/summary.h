/*
 * listmgr/summary.h - what the archive knows of a post without opening it:
 * who, when, what about, and which post it answers.
 *
 * Ownership: texts live in the arena. They are UTF-8 without control
 *            characters, and no longer than SUMMARY_TEXT octets.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_SUMMARY_H
#define HAUSPOST_LISTMGR_SUMMARY_H

#include <stdint.h>

#include "core/arena.h"
#include "core/slice.h"

enum { SUMMARY_TEXT = 500, SUMMARY_PARENTS = 50 };

struct summary {
	struct slice message_id; /* without <>; made when there is none */
	struct slice subject;	 /* decoded, as readers see it */
	/* Without reply marks and list prefixes, in lower case: what posts of
	 * one thread have in common where References are missing. */
	struct slice base_subject;
	struct slice from_name, from_address;
	int64_t date; /* Unix seconds; of arrival where it makes no sense */
	/* Without <>, the nearest first: References from the right, then
	 * In-Reply-To. */
	struct slice *parents;
	size_t n_parents;
};

/* domain: the list's, for a Message-ID of our own. now: Unix seconds. */
void summary_read(struct arena *arena, struct slice message,
    struct slice domain, int64_t now, struct summary *summary_out);

/*
 * "hauspost-…@domain", made of the message: for one that has no Message-ID,
 * or must not show it.
 */
struct slice summary_make_id(
    struct arena *arena, struct slice message, struct slice domain);

#endif
