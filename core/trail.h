/*
 * core/trail.h - what happened to a message, one row per event and recipient
 * in table hauspost.trail, from which an admin reads its life.
 *
 * Rows are written behind (core/batch.h): a crash may lose the last fraction
 * of a second of the story, never of the mail.
 */
#ifndef HAUSPOST_CORE_TRAIL_H
#define HAUSPOST_CORE_TRAIL_H

#include "core/batch.h"
#include "core/why.h"

/* Empty slices become NULL. */
struct trail_event {
	struct slice queue_id, message_id;
	struct slice class; /* inbound, regular, bulk, local, list, … */
	struct slice client, login;	/* who brought it */
	struct slice sender, recipient; /* as given in the envelope */
	struct slice leaf;		/* the recipient in the queue */
	struct slice event; /* accepted, refused, dropped, delivered, … */
	struct slice mailbox, package;
	struct slice path;     /* hops, as db_array_param() makes it */
	struct slice reason;   /* for people: the rule, the action */
	long long size_bytes;  /* negative: unknown */
	const struct why *why; /* code, dsn, reply; may be NULL */
};

struct batch *trail_start(struct db_pool *pool);
void trail_add(struct batch *trail, const struct trail_event *event);

#endif
