/*
 * lmtpd/front/allowance.h - how much work a mailbox' scripts may still make in
 * this hour.
 *
 * One run is bounded by the engine; a thousand messages an hour with the
 * dearest script there is are bounded here. Shared by all workers. Two
 * mailboxes whose names hash to the same place take turns in it, which makes
 * the allowance larger, never smaller.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_ALLOWANCE_H
#define HAUSPOST_LMTPD_FRONT_ALLOWANCE_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "core/slice.h"

enum {
	ALLOWANCE_PLACES = 16384,
	ALLOWANCE_STEPS = 200000, /* an hour: ten of the dearest runs */
};

struct allowance {
	/* Who (32 bits of a hash), the hour (12), steps used in it (20). */
	_Atomic uint64_t places[ALLOWANCE_PLACES];
};

/* Steps that are left, 0 when they are used up. */
long allowance_left(
    struct allowance *allowance, struct slice mailbox, time_t now);

void allowance_use(
    struct allowance *allowance, struct slice mailbox, time_t now, long steps);

#endif
