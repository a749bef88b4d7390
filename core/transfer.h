/*
 * core/transfer.h - base64 and quoted-printable (RFC 2045 6).
 *
 * Decoding is lenient, as mail demands: what is no code stands for itself in
 * quoted-printable and is skipped in base64.
 *
 * Ownership: results live in the arena, or are what was given.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_TRANSFER_H
#define HAUSPOST_CORE_TRANSFER_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/slice.h"

enum transfer {
	TRANSFER_7BIT,
	TRANSFER_8BIT, /* or binary */
	TRANSFER_QUOTED,
	TRANSFER_BASE64,
	TRANSFER_OTHER /* one that nobody knows */
};

/* Of a header block's Content-Transfer-Encoding; absent is 7bit. */
enum transfer transfer_of(struct slice header);

struct slice transfer_decode(
    struct arena *arena, enum transfer transfer, struct slice octets);

/* Appends text as quoted-printable; its lines end in LF. */
int transfer_add_quoted(struct buf *to, struct slice text);

/* Appends octets as base64 in lines of 76, each ending in LF. */
int transfer_add_base64(struct buf *to, struct slice octets);

#endif
