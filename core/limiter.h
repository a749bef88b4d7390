/*
 * core/limiter.h - how often a network may ask for something.
 *
 * A token bucket per /24 of IPv4 or /56 of IPv6, in memory that all processes
 * share. Networks that meet in one bucket, one of SLOTS by a keyed hash, share
 * it.
 *
 * Threads and processes: any.
 */
#ifndef HAUSPOST_CORE_LIMITER_H
#define HAUSPOST_CORE_LIMITER_H

#include <stdbool.h>

#include "core/slice.h"

struct limiter;

/* Before fork. A burst of as many is allowed. 0: no limit (gives NULL). */
struct limiter *limiter_new(long per_minute);

/* Takes one token of client's network; limiter may be NULL. */
bool limiter_take(struct limiter *limiter, struct slice client, long now_ms);

#endif
