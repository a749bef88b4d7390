/*
 * milter/lists.h - posts to mailing lists, judged while the sender is on the
 * line: what the list manager would refuse gets its code here.
 *
 * Only refusals: what is held or dropped passes, since that is decided there
 * once more (lists/listpolicy.h).
 *
 * Threads: one at a time.
 */
#ifndef HAUSPOST_MILTER_LISTS_H
#define HAUSPOST_MILTER_LISTS_H

#include "core/buf.h"
#include "milter/milter.h"
#include "milter/policy.h"

/* A header is kept up to here; what stands behind decides nothing. */
enum { LISTS_HEADER_MAX = 256 * 1024 };

/* Whether the leaves of a recipient lead to a list. */
bool lists_want(const struct rcpt *rcpt);

/* Adds a field as the milter protocol shows it. */
void lists_add_field(struct buf *header, struct slice name, struct slice value);

struct lists_post {
	const struct envelope *envelope;
	struct slice header; /* of lists_add_field() */
	struct slice login;  /* whose message it is, with his own From */
};

/*
 * Gives leaves of lists that refuse the post the code to answer with. 0, or
 * -errno with why: nobody could say.
 */
int lists_judge(struct milter *milter, struct arena *arena,
    const struct lists_post *post, struct why *why);

/*
 * What to add to the header, "NODE; auth=pass …": the list manager cannot
 * know who was logged in. NULL: nothing.
 */
const char *lists_results(
    struct milter *milter, struct arena *arena, const struct lists_post *post);

#endif
