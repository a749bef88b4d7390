/*
 * lmtpd/front/place.h - flags and special uses as Sieve has them, in Maildir's
 * terms.
 *
 * Flags of the system have letters; all others are keywords, whose letters
 * each folder gives out for itself.
 *
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LMTPD_FRONT_PLACE_H
#define HAUSPOST_LMTPD_FRONT_PLACE_H

#include "core/arena.h"
#include "core/slice.h"

/* The mailbox that has a special use (RFC 6154); empty: none of ours. */
struct slice place_special_use(struct slice use);

struct place_flags {
	struct slice letters;  /* of system flags, ascending */
	struct slice keywords; /* separated by blanks */
};

struct place_flags place_flags(
    struct arena *arena, const struct slice *flags, size_t n);

/* Both in one, each letter once, ascending. */
struct slice place_letters(
    struct arena *arena, struct slice some, struct slice others);

#endif
