/*
 * core/clock.h - time that only goes forward, for waiting.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_CORE_CLOCK_H
#define HAUSPOST_CORE_CLOCK_H

#include <pthread.h>
#include <time.h>

/* Milliseconds since some moment before the program began. */
long clock_ms(void);

/* The moment ms from now, for pthread_cond_timedwait() on such a condition. */
struct timespec clock_deadline(long ms);

/* A condition variable that waits by this clock. */
void clock_cond_init(pthread_cond_t *cond);

#endif
