/*
 * core/flight.h - one thread asks, everybody with the same question gets the
 * answer.
 *
 *	if (flight_board(flights, question, &flight)) {
 *		… ask …
 *		flight_land(flights, flight, &outcome);
 *	} else if (flight_wait(flights, flight, deadline_ms) == 0) {
 *		… use flight_outcome(flight) …
 *	}
 *	flight_leave(flights, flight);
 *
 * Ownership: outcomes are copied by flight_land() and live until everybody
 *            left. Whoever boarded must leave, the asker after landing.
 * Threads:   any.
 */
#ifndef HAUSPOST_CORE_FLIGHT_H
#define HAUSPOST_CORE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/why.h"

struct flight;
struct flights;

struct flight_outcome {
	int error; /* 0, or -errno with why */
	struct why why;
	struct slice octets; /* the answer */
	uint64_t began;	     /* the asker's cache_now() */
};

struct flights *flights_new(void);
void flights_free(struct flights *flights);

/* True: nobody was asking, you are. False: wait for whoever is. */
bool flight_board(
    struct flights *flights, struct slice question, struct flight **flight_out);

/* The answer is there; who asks from now on starts a flight of his own. */
void flight_land(struct flights *flights, struct flight *flight,
    const struct flight_outcome *outcome);

/* 0, or -ETIMEDOUT when it has not landed by then (clock_ms()). */
int flight_wait(
    struct flights *flights, struct flight *flight, long deadline_ms);

/* What it landed with. */
const struct flight_outcome *flight_outcome(const struct flight *flight);

void flight_leave(struct flights *flights, struct flight *flight);

#endif
