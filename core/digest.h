/*
 * core/digest.h - keyed digests of several parts, as short file-safe text.
 *
 * BLAKE2b (libsodium). Parts are separated by their lengths, so ("ab","c")
 * and ("a","bc") differ.
 */
#ifndef HAUSPOST_CORE_DIGEST_H
#define HAUSPOST_CORE_DIGEST_H

#include <stddef.h>

#include "core/slice.h"

enum {
	DIGEST_OCTETS = 15, /* 120 bits: no two messages ever share a name */
	DIGEST_TEXT = DIGEST_OCTETS * 8 / 5, /* lower-case base32 */
};

/* text must hold DIGEST_TEXT + 1. key: 16 to 64 octets. */
void digest_text(struct slice key, const struct slice *parts, size_t n,
    char text[DIGEST_TEXT + 1]);

#endif
