/*
 * core/bounce.h - what a delivery status notification says (RFC 3464).
 *
 * Looks for the part of type message/delivery-status in the text of a message
 * and reads a recipient at a time. Everybody may write such a message: it is
 * data, not truth.
 *
 *	struct bounce_walk walk = bounce_start(body);
 *	while (bounce_next(&walk, &bounce)) …
 *
 * Ownership: slices point into the body.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_BOUNCE_H
#define HAUSPOST_CORE_BOUNCE_H

#include <stdbool.h>

#include "core/slice.h"

struct bounce {
	struct slice recipient; /* whom it did not reach, without type */
	struct slice status;	/* "5.1.1" */
	struct slice reply;	/* the server's words, folded; may be empty */
	bool failed;		/* else delayed, delivered, relayed, expanded */
};

struct bounce_walk {
	struct slice rest;
};

/* Octets of the text behind the header; lines end in LF or CRLF. */
struct bounce_walk bounce_start(struct slice body);

/*
 * A Content-Type of such a part (RFC 3464 2.1), also of one for addresses
 * that are not ASCII (RFC 6533). Who has found it himself begins the walk
 * with its body.
 */
bool bounce_is_status(struct slice type);

/* The next recipient; false when there is none. */
bool bounce_next(struct bounce_walk *walk, struct bounce *bounce_out);

/*
 * The address does not exist, and will not tomorrow. Not: a full mailbox, a
 * message that is too large or unwanted.
 */
bool bounce_is_gone(const struct bounce *bounce);

#endif
