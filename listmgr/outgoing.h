/*
 * listmgr/outgoing.h - a post as it goes out: what its list makes of it.
 *
 * Made anew whenever a group is handed over, from the file in the archive:
 * nothing of it needs to survive a crash.
 *
 * Ownership: outgoing_close() follows outgoing_open(); the arena is the
 *            caller's and holds what was added.
 * Threads:   read only once it is open.
 */
#ifndef HAUSPOST_LISTMGR_OUTGOING_H
#define HAUSPOST_LISTMGR_OUTGOING_H

#include "listmgr/archive.h"
#include "listmgr/listmgr.h"

struct outgoing {
	const struct listmgr *listmgr;
	struct arena *arena;
	struct list list;
	long long n;
	struct archive_view view;
	struct slice top, fields, body; /* List-Unsubscribe is between the
					 * first two */
	size_t size_bytes;		/* about that of a copy */
};

/* 1 open, 0 the list is gone, or -errno with why. */
int outgoing_open(
    struct outgoing *outgoing, long long list, long long n, struct why *why);
void outgoing_close(struct outgoing *outgoing);

/* The fields for a member's own token; for an empty one, for everybody. */
struct slice outgoing_unsubscribe(
    const struct outgoing *outgoing, struct arena *arena, struct slice token);

#endif
