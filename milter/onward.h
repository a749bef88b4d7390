/*
 * milter/onward.h - mail that goes on to an address elsewhere: with another
 * sender, and its bounces back to the first one.
 *
 * Where all of a message goes on from one address (plan.delivered_to), the
 * milter changes the sender itself and nothing passes the queue twice. Other
 * forwards go as leaves of kind forward to lmtpd, which gives each of them a
 * sender of its own.
 *
 * Errors:    -errno with why filled (451): the directory could not tell.
 * Ownership: results live in the arena.
 * Threads:   any.
 */
#ifndef HAUSPOST_MILTER_ONWARD_H
#define HAUSPOST_MILTER_ONWARD_H

#include "core/directory.h"
#include "milter/policy.h"

/*
 * Puts what the first sender's address leads to in the place of a leaf of
 * kind srs, or the refusal of one that was not made here. is_bounce: the
 * message has the null sender. *srs_domain_out is set where one was followed.
 */
int onward_follow(struct directory *dir, struct arena *arena, bool is_bounce,
    struct answer *answer, struct slice *srs_domain_out, struct why *why);

/* Refuses leaves whose domain does not send on what is flagged as spam. */
int onward_refuse_spam(struct directory *dir, struct arena *arena,
    struct rcpt *rcpts, size_t n, struct why *why);

/* Fills plan->sender where the message needs another one. */
int onward_sender(struct directory *dir, struct arena *arena,
    struct slice sender, struct plan *plan, struct why *why);

/*
 * Calls on_gone for each recipient that a bounce says does not exist; reply
 * is what its server said.
 */
void onward_read_bounce(struct arena *arena, struct slice body,
    void (*on_gone)(void *arg, struct slice recipient, struct slice reply),
    void *arg);

#endif
