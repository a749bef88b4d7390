/*
 * sieve/encoded_word.h - header text as a reader sees it (RFC 2047).
 *
 * NUL-safe: an encoded word may hold any octet. What is not well-formed, or
 * in a charset nobody knows, stands for itself.
 */
#ifndef HAUSPOST_SIEVE_ENCODED_WORD_H
#define HAUSPOST_SIEVE_ENCODED_WORD_H

#include "core/arena.h"
#include "core/slice.h"

/* value may be folded. Gives value itself when there is nothing to do. */
struct slice encoded_word_decode(struct arena *arena, struct slice value);

#endif
