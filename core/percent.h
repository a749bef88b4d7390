/*
 * core/percent.h - octets written as %XX in URLs and forms (RFC 3986 2.1).
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CORE_PERCENT_H
#define HAUSPOST_CORE_PERCENT_H

#include "core/arena.h"
#include "core/slice.h"

/* All but letters, digits and "-._~" as %XX, in the arena. */
struct slice percent_encode(struct arena *arena, struct slice plain);

/* Once; a percent sign that escapes nothing is a percent sign. */
struct slice percent_decode(struct arena *arena, struct slice text);

/* The octet that "%XX" at the front of s means, or -1. */
int percent_octet(struct slice s);

#endif
