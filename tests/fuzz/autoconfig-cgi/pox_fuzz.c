/* Autodiscover's XML: an address is never empty, and nothing is fetched. */
#include <assert.h>
#include <stdint.h>

#include "autoconfig-cgi/pox.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;
	struct slice address;

	if (pox_parse(&arena, (struct slice){ (const char *)octets, n },
		&address) == POX_OK)
		assert(address.n > 0 && slice_is_text(address));
	arena_done(&arena);
	return 0;
}
