/*
 * sieve/compose.h - the messages that a plan asks for, as octets.
 *
 * Vacation replies (RFC 5230 5, RFC 3834), refusals (RFC 5429 2.2, as a
 * disposition notification of RFC 8098) and notifications (RFC 5436 2).
 * Values from mail and scripts are encoded and never begin a line of their
 * own. Lines end in CRLF. Nothing is sent: that is the caller's, with the
 * null sender for vacation and reject.
 *
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_SIEVE_COMPOSE_H
#define HAUSPOST_SIEVE_COMPOSE_H

#include "sieve/sieve.h"

struct sieve_compose {
	struct sieve_message *message; /* the one that is answered */
	const struct sieve_envelope *envelope;
	struct slice message_id; /* of the new message, with "<>" */
	struct slice host;	 /* who reports, in a refusal */
	int64_t now;
};

struct slice sieve_compose_vacation(const struct sieve_compose *compose,
    const struct sieve_vacation *vacation, struct arena *arena);

/* reason: the action's. */
struct slice sieve_compose_reject(const struct sieve_compose *compose,
    struct slice reason, struct arena *arena);

/* own: the mailbox' address, for From and Auto-Submitted. */
struct slice sieve_compose_notify(const struct sieve_compose *compose,
    const struct sieve_notify *notify, struct slice own, struct arena *arena);

#endif
