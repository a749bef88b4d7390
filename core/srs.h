/*
 * core/srs.h - the Sender Rewriting Scheme: a forwarded message leaves with
 * a sender in the forwarding domain, and its bounce finds the way back.
 *
 *	SRS0=HHHH=TT=origin.example=user@forwarder.example
 *	SRS1=HHHH=first.example==HHHH=TT=origin.example=user@forwarder.example
 *
 * The format is that of libsrs2 and postsrsd, so that hosts of both kinds
 * understand each other: HHHH are four characters of a keyed digest that
 * proves a forwarder of ours wrote the address, TT is the day in base32. An
 * address that was rewritten elsewhere becomes SRS1, which names the first
 * forwarder and does not grow any further.
 *
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_SRS_H
#define HAUSPOST_CORE_SRS_H

#include <stdbool.h>
#include <time.h>

#include "core/addr.h"

enum {
	SRS_MAX_AGE_DAYS = 21, /* bounces come within five; holidays happen */
	SRS_HASH_CHARS = 4,
	SRS_KEYS_MAX = 8,
};

/* The first key signs, every one verifies: keys rotate by adding in front. */
struct srs_keys {
	struct slice keys[SRS_KEYS_MAX];
	size_t n;
};

/*
 * The sender as it leaves from domain. The null sender stays what it is.
 * 0, or -ENAMETOOLONG when no local part may be that long: then the sender
 * stays as it is, which SPF may refuse, rather than a bounce that can't
 * come back.
 */
int srs_forward(struct arena *arena, const struct srs_keys *keys,
    const struct addr *sender, struct slice domain, time_t now,
    struct addr *sender_out);

/* Whether a local part has the form of an SRS address. */
bool srs_is_rewritten(struct slice local);

/*
 * Where a bounce to this address goes: the first sender of SRS0, the first
 * forwarder's SRS0 address of SRS1.
 * 0, -ENOENT (no SRS address), -EBADMSG (forged or damaged), -ESTALE (older
 * than SRS_MAX_AGE_DAYS, or of days to come).
 */
int srs_reverse(struct arena *arena, const struct srs_keys *keys,
    struct slice local, time_t now, struct addr *sender_out);

#endif
