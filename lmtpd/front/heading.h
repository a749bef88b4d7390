/*
 * lmtpd/front/heading.h - what we write above a message, and what we look at
 * in the header that came.
 *
 * A retry must find the same message: nothing of the attempt goes into the
 * fields, their time is the one at which the message entered the queue. Data
 * never becomes a field of its own: line ends and other control characters
 * in values turn into "?".
 *
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 * Units:     seconds since 1970; lines ending in LF.
 */
#ifndef HAUSPOST_LMTPD_FRONT_HEADING_H
#define HAUSPOST_LMTPD_FRONT_HEADING_H

#include <stdbool.h>
#include <time.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/slice.h"

/* What the fields of all recipients of a message have in common. */
struct heading {
	struct slice sender;   /* empty: the null sender */
	struct slice peer;     /* as it named itself in LHLO */
	struct slice node;     /* we */
	struct slice queue_id; /* empty: the peer told none */
	time_t arrival;
	bool utf8;
};

/* before, value without control characters, behind. */
void heading_add(
    struct buf *to, const char *before, struct slice value, const char *behind);

/* As header fields have it (RFC 5322 3.3), in UTC. */
void heading_add_date(struct buf *to, time_t when);

/* Final delivery: Return-Path, X-Original-To, Delivered-To, Received. */
struct slice heading_final(struct arena *arena, const struct heading *heading,
    struct slice delivered_to, struct slice original);

/* For a message that has these fields already, the last word about its
 * sender: Return-Path. */
struct slice heading_return_path(
    struct arena *arena, const struct heading *heading);

/* A message that goes on from an address of ours: Delivered-To, Received. */
struct slice heading_onward(struct arena *arena, const struct heading *heading,
    struct slice delivered_to, struct slice original);

/*
 * The queue id in the topmost field, where that is the one our own Postfix
 * writes above mail that came by no SMTP connection. Empty: it is not.
 */
struct slice heading_queue_id(struct slice header, struct slice node);

/*
 * When the message entered the queue: the date of the Received field that
 * carries the queue id. 1 found, 0 there is none.
 */
int heading_arrival(
    struct slice header, struct slice queue_id, time_t *arrival_out);

/* The date of a Received field, counted from 0 at the top. 1 found, 0 not. */
int heading_received(
    struct slice header, unsigned place, time_t *when_out);

/* How many servers the message has passed: its Received fields. */
unsigned heading_hops(struct slice header);

/* There is a field of this name whose value is exactly value. */
bool heading_has(struct slice header, struct slice name, struct slice value);

#endif
