/*
 * tests/bench/rate.h - what the measuring programs do alike: read numbers,
 * show progress each second, print "rate=<messages per second>" at last.
 */
#ifndef HAUSPOST_TESTS_BENCH_RATE_H
#define HAUSPOST_TESTS_BENCH_RATE_H

#include <err.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"

struct rate {
	const char *what;
	atomic_bool stop; /* for the workers */
	atomic_ulong done;
	long began_ms;
};

/* A number between 1 and max, or the program's end. */
static inline long
rate_number(const char *text, long max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < 1 || n > max)
		errx(EX_USAGE, "%s: want a number from 1 to %ld", text, max);
	return n;
}

/* Waits while others work, then tells them to stop. */
static inline void
rate_run(struct rate *rate, long seconds)
{
	unsigned long before = 0;

	rate->began_ms = clock_ms();
	for (long s = 1; s <= seconds; s++) {
		unsigned long now;

		(void)sleep(1);
		now = atomic_load(&rate->done);
		(void)printf("%s: %ld/%ld s, %lu/s\n", rate->what, s, seconds,
		    now - before);
		(void)fflush(stdout);
		before = now;
	}
	atomic_store(&rate->stop, true);
}

/* After the workers have ended. */
static inline void
rate_print(const struct rate *rate)
{
	unsigned long ms = (unsigned long)(clock_ms() - rate->began_ms);

	(void)printf(
	    "rate=%lu\n", atomic_load(&rate->done) * 1000 / (ms > 0 ? ms : 1));
}

#endif
