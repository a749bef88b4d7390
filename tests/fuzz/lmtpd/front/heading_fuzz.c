/*
 * The header of a message from a stranger, and what we write above it.
 */
#include <assert.h>
#include <stdint.h>

#include "core/header.h"
#include "lmtpd/front/heading.h"
#include "core/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

/* Fields that we write: no more, whatever the values hold. */
static void
check_fields(struct slice head, unsigned want)
{
	struct header_walk walk = header_start(head);
	struct header_field field;

	for (unsigned i = 0; i < want; i++)
		assert(header_next(&walk, &field));
	assert(walk.rest.n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice input = { (const char *)octets, n };
	struct slice half = slice_head(input, n / 2 < 500 ? n / 2 : 500);
	struct heading heading = { half, half, SLICE("h01"), half, 0, false };
	struct arena arena = ARENA_INIT;
	struct message message;
	struct header_field field;
	struct why why;
	time_t arrival;

	message_init(&message, "/tmp");
	message_reset(&message, UINT64_MAX);
	message_add(&message, half);
	message_add(&message, slice_tail(input, half.n));
	assert(message_finish(&message, &why) == MAIL_OK);
	assert(!header_find(
	    message_header(&message), SLICE("Return-Path"), &field));
	assert(message.spool_fd >= 0 ||
	       message.size_bytes == message_text(&message).n);
	(void)heading_hops(message_header(&message));
	(void)heading_arrival(message_header(&message), half, &arrival);
	check_fields(heading_final(&arena, &heading, half, half), 4);
	message_done(&message);
	arena_done(&arena);
	return 0;
}
