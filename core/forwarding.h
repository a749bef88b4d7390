/*
 * core/forwarding.h - how mail leaves again from an address of ours.
 *
 * A message that is sent on gets a sender in the domain it was written to:
 * otherwise the next server sees mail of a stranger's domain that comes from
 * us, which the stranger's SPF record forbids. Bounces come back to that
 * sender and go on to the first one (core/srs.h).
 *
 * Domain and keys are the directory's to tell; with its answers from before
 * an outage mail is still sent on.
 *
 * Ownership: results live in the arena.
 * Threads:   any.
 */
#ifndef HAUSPOST_CORE_FORWARDING_H
#define HAUSPOST_CORE_FORWARDING_H

#include <stdbool.h>

#include "core/rows.h"
#include "core/srs.h"
#include "core/why.h"

struct directory;

/* The row of hauspost.forwarding(). */
struct forwarding {
	struct slice srs_domain; /* of the senders it writes */
	bool spam;		 /* sends on what is flagged, too */
	struct srs_keys keys;
	bool stale; /* remembered: there may be a newer key by now */
};

/* Reads it; the columns stand in forwarding.c. 0 or -EPROTO with why. */
int forwarding_read(struct arena *arena, const struct rows *rows,
    struct forwarding *forwarding_out, struct why *why);

/* A field by which spam filters flag a message, and a header that has one. */
bool forwarding_is_spam_flag(struct slice name, struct slice value);
bool forwarding_is_spam(struct slice header);

/* Whether flagged mail goes on from forwarder: MAIL_OK, 550 5.7.0 or 451. */
enum verdict forwarding_judge_spam(struct directory *dir, struct arena *arena,
    struct slice forwarder, struct why *why);

/*
 * The sender with which a message leaves that came to forwarder. The null
 * sender, one of a domain of ours, and one that is too long to be rewritten
 * stay as they are. -errno with why filled: the directory could not tell.
 */
int forwarding_rewrite(struct directory *dir, struct arena *arena,
    const struct addr *sender, struct slice forwarder, struct addr *sender_out,
    struct why *why);

/*
 * Where mail to a sender goes that forwarding_rewrite() has made. Otherwise
 * 550 5.7.5 (not made here), 550 5.1.8 (too long ago), or 451.
 */
enum verdict forwarding_reverse(struct directory *dir, struct arena *arena,
    const struct addr *srs, struct addr *sender_out, struct why *why);

#endif
