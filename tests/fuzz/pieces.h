/*
 * tests/fuzz/pieces.h - what a peer sends means the same, however it is cut.
 *
 * A fuzzer of a codec writes down in run() which events come out when its input
 * goes in by pieces of `step` octets. The first octet chooses that step.
 */
#ifndef HAUSPOST_TESTS_FUZZ_PIECES_H
#define HAUSPOST_TESTS_FUZZ_PIECES_H

#include <assert.h>
#include <stdint.h>

#include "core/buf.h"

enum { PIECES_EVENTS_MAX = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

/* Takes the next piece off the front of *input. */
static inline struct slice
pieces_next(struct slice *input, size_t step)
{
	struct slice piece = slice_head(*input, step);

	*input = slice_tail(*input, step);
	return piece;
}

static inline void
pieces_compare(const uint8_t *octets, size_t n,
    struct buf (*run)(struct slice input, size_t step))
{
	struct slice input = { (const char *)octets, n };
	struct buf whole, cut;

	if (n < 2)
		return;
	input = slice_tail(input, 1);
	whole = run(input, n);
	cut = run(input, (size_t)octets[0] + 1);
	assert(slice_eq(buf_slice(&whole), buf_slice(&cut)));
	buf_free(&whole);
	buf_free(&cut);
}

#endif
