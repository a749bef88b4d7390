/*
 * lmtpd/front/ledger.h - actions of a delivery that are done (table
 * hauspost.delivered), so that a retry does not repeat them.
 *
 * For what leaves the house, and for deliveries with a key of their own:
 * into a Maildir the file's name does that without asking anybody. An action
 * is marked when the next server has it and before our peer hears 250: a
 * crash in between may repeat it, never lose it.
 *
 * Errors: -errno with why filled (451).
 */
#ifndef HAUSPOST_LMTPD_FRONT_LEDGER_H
#define HAUSPOST_LMTPD_FRONT_LEDGER_H

#include "core/db.h"

/* 1 it is done, 0 it is not. */
int ledger_has(struct db_pool *pool, struct slice delivery, struct slice action,
    struct why *why);

int ledger_mark(struct db_pool *pool, struct slice delivery,
    struct slice action, struct why *why);

/*
 * Of a message that is on disk under a name made of its delivery's: that is
 * found as well, so nobody waits until the mark would survive a power cut.
 */
int ledger_mark_stored(
    struct db_pool *pool, struct slice delivery, struct why *why);

/* Several actions of one delivery. */
struct ledger {
	struct slice *actions;
	size_t n;
};

/* All that is done of a delivery; lives in the arena. */
int ledger_read(struct db_pool *pool, struct arena *arena,
    struct slice delivery, struct ledger *ledger_out, struct why *why);
bool ledger_shows(const struct ledger *ledger, struct slice action);

/* All of done, or none. */
int ledger_mark_all(struct db_pool *pool, struct arena *arena,
    struct slice delivery, const struct ledger *done, struct why *why);

#endif
