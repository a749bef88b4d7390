/*
 * lmtpd/front/attempts.h - whether a delivery may have been tried before.
 *
 * A first delivery finds its file name free; a repeat may find that a mail
 * client has moved the message from new/ to cur/, so there the storer has to
 * look as well. That costs a walk through a folder of perhaps 100,000 files,
 * hence this table, shared by all workers: a delivery is noted before its
 * store begins and forgotten when the peer has heard our 250.
 *
 * The answer may be wrong in one direction only: "perhaps" for a first
 * delivery. What the table cannot know, since it arrived before the table
 * began or because its entry had to make room, lies at or before a horizon,
 * and all arrivals up to there are "perhaps".
 *
 * Threads:   any, of all processes that share the memory. No locks: a worker
 *            that is killed leaves nothing locked.
 * Units:     seconds since 1970.
 */
#ifndef HAUSPOST_LMTPD_FRONT_ATTEMPTS_H
#define HAUSPOST_LMTPD_FRONT_ATTEMPTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/slice.h"

enum {
	ATTEMPTS_SETS = 8192, /* with 8 of 8 octets: half a megabyte */
	ATTEMPTS_WAYS = 8,
	ATTEMPTS_SKEW_S = 60, /* queues of other machines have other clocks */
};

struct attempts {
	_Atomic uint32_t horizon;
	/* Upper half of a delivery's hash, then its arrival; 0: free. */
	_Atomic uint64_t slots[ATTEMPTS_SETS][ATTEMPTS_WAYS];
};

/* The table begins now and is empty: its memory is zero. */
void attempts_init(struct attempts *attempts, time_t now);

/* Notes a delivery by its name. True: it may have been tried before. */
bool attempts_note(
    struct attempts *attempts, struct slice name, time_t arrival);

/* It is done, and there will be no repeat. */
void attempts_forget(
    struct attempts *attempts, struct slice name, time_t arrival);

#endif
