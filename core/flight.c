#include "core/flight.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"

/*
 * Only misses come here, and at most one flight per thread is in the air, so
 * a list under one lock is enough.
 */
struct flight {
	struct flight *next;
	struct slice question;
	struct flight_outcome outcome;
	bool landed;
	int aboard;
	pthread_cond_t landing;
};

struct flights {
	pthread_mutex_t lock; /* for all flights as well */
	struct flight *first;
};

static void *
allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static struct slice
copy(struct slice s)
{
	char *to = allocate(s.n + 1);

	if (s.n > 0)
		(void)memcpy(to, s.p, s.n);
	return (struct slice){ to, s.n };
}

struct flights *
flights_new(void)
{
	struct flights *flights = allocate(sizeof *flights);

	(void)pthread_mutex_init(&flights->lock, NULL);
	return flights;
}

void
flights_free(struct flights *flights)
{
	if (flights == NULL)
		return;
	assert(flights->first == NULL);
	(void)pthread_mutex_destroy(&flights->lock);
	free(flights);
}

static struct flight *
find(const struct flights *flights, struct slice question)
{
	struct flight *flight = flights->first;

	while (flight != NULL && !slice_eq(flight->question, question))
		flight = flight->next;
	return flight;
}

static struct flight *
take_off(struct flights *flights, struct slice question)
{
	struct flight *flight = allocate(sizeof *flight);

	clock_cond_init(&flight->landing);
	flight->question = copy(question);
	flight->next = flights->first;
	flights->first = flight;
	return flight;
}

bool
flight_board(
    struct flights *flights, struct slice question, struct flight **flight_out)
{
	struct flight *flight;
	bool first;

	(void)pthread_mutex_lock(&flights->lock);
	flight = find(flights, question);
	first = flight == NULL;
	if (first)
		flight = take_off(flights, question);
	flight->aboard++;
	(void)pthread_mutex_unlock(&flights->lock);
	*flight_out = flight;
	return first;
}

static void
forget(struct flights *flights, const struct flight *flight)
{
	struct flight **place = &flights->first;

	while (*place != flight)
		place = &(*place)->next;
	*place = flight->next;
}

void
flight_land(struct flights *flights, struct flight *flight,
    const struct flight_outcome *outcome)
{
	(void)pthread_mutex_lock(&flights->lock);
	flight->outcome = *outcome;
	flight->outcome.octets = copy(outcome->octets);
	flight->landed = true;
	forget(flights, flight);
	(void)pthread_cond_broadcast(&flight->landing);
	(void)pthread_mutex_unlock(&flights->lock);
}

int
flight_wait(struct flights *flights, struct flight *flight, long deadline_ms)
{
	long left_ms = deadline_ms - clock_ms();
	struct timespec deadline = clock_deadline(left_ms > 0 ? left_ms : 0);
	int r = 0;

	(void)pthread_mutex_lock(&flights->lock);
	while (!flight->landed && r == 0)
		r = pthread_cond_timedwait(
		    &flight->landing, &flights->lock, &deadline);
	if (flight->landed)
		r = 0;
	(void)pthread_mutex_unlock(&flights->lock);
	return -r;
}

const struct flight_outcome *
flight_outcome(const struct flight *flight)
{
	assert(flight->landed);
	return &flight->outcome;
}

void
flight_leave(struct flights *flights, struct flight *flight)
{
	bool last;

	(void)pthread_mutex_lock(&flights->lock);
	last = --flight->aboard == 0;
	(void)pthread_mutex_unlock(&flights->lock);
	if (!last)
		return;
	assert(flight->landed);
	(void)pthread_cond_destroy(&flight->landing);
	free((char *)flight->question.p);
	free((char *)flight->outcome.octets.p);
	free(flight);
}
