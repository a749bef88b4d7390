/*
 * listmgr/digests.h - the thread that makes digests when they are due.
 *
 * It looks once a minute. The issue is a file before it is a row, both come
 * with one COMMIT, and the fan-out does the rest: a crash leaves at most a
 * file that the next issue of this number writes over.
 *
 * Threads: digests_make() may be called by one at a time.
 */
#ifndef HAUSPOST_LISTMGR_DIGESTS_H
#define HAUSPOST_LISTMGR_DIGESTS_H

#include "listmgr/list.h"

struct digests_options {
	const struct lists *lists;
	const char *node;   /* only its lists */
	const char *texts;  /* folder: TEXTS/de/digest-head.txt, … */
	long group_members; /* of a group of the fan-out */
	int stop_fd;	    /* readable once the program is to end */
};

struct digests;

struct digests *digests_start(const struct digests_options *options);
void digests_stop(struct digests *digests); /* after stop_fd */

/* All that are due. How many were made, or -errno with why. */
int digests_make(const struct digests_options *options, struct why *why);

#endif
