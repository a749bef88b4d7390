/*
 * lmtpd/front/marks.h - what scripts remember from one message to the next:
 * duplicates (RFC 7352) and who was answered (RFC 5230 4.2).
 *
 * A duplicate is marked once its message is on disk, with the delivery it came
 * in: the retry of that delivery is none. A reply is claimed before it is
 * sent, so that two messages at once, or a crash behind the sending, give one
 * reply and not two.
 *
 * Errors:  -errno with why filled (451).
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_MARKS_H
#define HAUSPOST_LMTPD_FRONT_MARKS_H

#include "core/db.h"

/* Replies of one mailbox in an hour; whoever gets more mail is not away but
 * under fire. */
enum { MARKS_REPLIES_MAX = 100 };

/* Whose mark: a mailbox' key, made by the engine. */
struct mark {
	struct slice mailbox, key;
	long period_s; /* of those that are set */
};

/* 1 it was seen in another delivery, 0 not. */
int marks_is_duplicate(struct db_pool *pool, const struct mark *mark,
    struct slice delivery, struct why *why);
int marks_add_duplicate(struct db_pool *pool, const struct mark *mark,
    struct slice delivery, struct why *why);

/* 1 the reply is ours to send, 0 somebody sent it, or too many were sent. */
int marks_claim_reply(
    struct db_pool *pool, const struct mark *mark, struct why *why);

/* It was not sent after all. */
void marks_release_reply(struct db_pool *pool, const struct mark *mark);

/* 1 the mailbox has written to this address before, 0 not. */
int marks_knows_sender(struct db_pool *pool, struct slice mailbox,
    struct slice sender, struct why *why);

/* Forgets what has run out. */
int marks_sweep(struct db_pool *pool, struct why *why);

#endif
