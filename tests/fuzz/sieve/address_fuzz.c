/* Address lists: the walk ends and never gives more than there is. */
#include <assert.h>
#include <stdint.h>

#include "sieve/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;
	struct address_walk walk =
	    address_start(&arena, (struct slice){ (const char *)octets, n });
	struct address address, again;
	size_t found = 0;

	while (address_next(&walk, &address)) {
		assert(++found <= n);
		assert(address.local.n <= n && address.domain.n <= n);
		/* What is valid can be written and read again. */
		if (!address.valid || address.local.n == 0)
			continue;
		assert(address_parse(&arena, address.text, &again));
		assert(slice_eq(address.local, again.local));
		assert(slice_eq(address.domain, again.domain));
	}
	arena_done(&arena);
	return 0;
}
