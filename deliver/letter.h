/*
 * deliver/letter.h - the message that a pipe brings, as it goes on.
 *
 * Programs in a pipe write mbox' "From sender date" line above a message;
 * it is left out, and tells the sender where nothing better does.
 *
 * Ownership: letter_close() follows each letter_open() that returned 0.
 */
#ifndef HAUSPOST_DELIVER_LETTER_H
#define HAUSPOST_DELIVER_LETTER_H

#include <stdint.h>

#include "core/arena.h"
#include "core/slice.h"
#include "core/why.h"

struct letter {
	int fd; /* a file of our own: the message may be read again */
	uint64_t offset, size; /* of the message in it */
	/* Of Return-Path or the From line; .p NULL: neither is there. */
	struct slice sender;
};

/* Reads fd to its end. 0, or -errno with why. */
int letter_open(
    struct arena *arena, int fd, struct letter *letter_out, struct why *why);
void letter_close(struct letter *letter);

#endif
