/*
 * listmgr/outcome.h - what became of a group, for SQL and the log.
 *
 * Threads: one at a time.
 */
#ifndef HAUSPOST_LISTMGR_OUTCOME_H
#define HAUSPOST_LISTMGR_OUTCOME_H

#include "listmgr/group.h"

/* A group as hauspost.list_send_claim() gives it. */
struct claim {
	long long list, n, group_no;
	bool personal, digest;
	struct slice mac;
};

/*
 * The group is done: whom Postfix has put off has his turn later, whom it
 * refused is a bounce. 0 or -errno with why: nobody knows that it is done, so
 * it is sent again.
 */
int outcome_tell(struct db *db, const struct claim *claim,
    const struct group *group, struct why *why);

#endif
