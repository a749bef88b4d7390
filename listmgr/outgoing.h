/*
 * listmgr/outgoing.h - a post as it goes out: what its list makes of it.
 *
 * Made anew whenever a group is handed over, from the file in the archive:
 * nothing of it needs to survive a crash. A digest is a message of the list's
 * own, and goes out as it was built.
 *
 * Ownership: outgoing_close() follows outgoing_open(); the arena is the
 *            caller's and holds what was added.
 * Threads:   read only once it is open.
 */
#ifndef HAUSPOST_LISTMGR_OUTGOING_H
#define HAUSPOST_LISTMGR_OUTGOING_H

#include "listmgr/archive.h"
#include "listmgr/edit.h"
#include "listmgr/listmgr.h"

struct outgoing {
	struct listmgr *listmgr;
	struct arena *arena;
	struct list list;
	long long n;
	bool digest;
	struct archive_view view;
	struct edited edited; /* List-Unsubscribe belongs into it */
	size_t size_bytes;    /* about that of a copy */
};

/*
 * Post n of a list. 1 open; 0 there is nothing to send: the list is gone, or
 * its settings allow no such post any more (why says); -errno with why.
 */
int outgoing_open(
    struct outgoing *outgoing, long long list, long long n, struct why *why);
void outgoing_close(struct outgoing *outgoing);

/*
 * What becomes of view.message, which need not be in the archive yet. As
 * edit_post(), and MAIL_TEMPFAIL where the database is away.
 */
enum verdict outgoing_edit(struct outgoing *outgoing, struct why *why);

/* The fields for a member's own token; for an empty one, for everybody. */
struct slice outgoing_unsubscribe(
    const struct outgoing *outgoing, struct arena *arena, struct slice token);

#endif
