/* Envelope addresses: what is read can be written and read again. */
#include <assert.h>
#include <stdint.h>

#include "core/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice text = { (const char *)octets, n };
	struct arena arena = ARENA_INIT;
	struct addr addr, again;

	if (addr_parse(&arena, text, true, &addr) == 0) {
		assert(addr_parse(&arena, addr_text(&arena, &addr), true,
			   &again) == 0);
		assert(slice_eq(addr.local, again.local));
		assert(slice_eq(addr.domain, again.domain));
	}
	arena_done(&arena);
	return 0;
}
