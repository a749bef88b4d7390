/*
 * What strangers mail to a list's addresses: it is read without harm, and what
 * comes out of it is text that SQL takes.
 */
#include <assert.h>
#include <stdint.h>

#include "core/header.h"
#include "listmgr/manner.h"
#include "listmgr/said.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice message = { (const char *)octets, n };
	struct arena arena = ARENA_INIT;
	struct slice text = said_text(&arena, message);
	struct slice reason = said_reason(text);
	struct manner mail = { slice_head(message, header_length(message)),
		SLICE("a@b.example"), SLICE("news"), SLICE("example.org") };

	assert(slice_is_text(text) && slice_is_text(reason));
	assert(reason.n <= SAID_REASON_MAX);
	(void)said_command(message, text);
	if (manner_unanswerable(&arena, &mail) == NULL)
		assert(manner_automatic(&mail) == NULL);
	arena_done(&arena);
	return 0;
}
