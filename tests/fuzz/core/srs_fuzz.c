/* SRS addresses: what is forwarded comes back, whatever the sender was. */
#include <assert.h>
#include <stdint.h>

#include "core/srs.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	const struct srs_keys keys = { { { "key", 3 } }, 1 };
	const struct slice text = { (const char *)octets, n };
	struct arena arena = ARENA_INIT;
	struct addr sender, out, back;

	(void)srs_reverse(&arena, &keys, text, 1700000000, &back);
	if (addr_parse(&arena, text, true, &sender) == 0 &&
	    !addr_is_null(&sender) && !srs_is_rewritten(sender.local) &&
	    sender.domain.p[0] != '[' &&
	    srs_forward(&arena, &keys, &sender, SLICE("fwd.example"),
		1700000000, &out) == 0) {
		assert(srs_reverse(
			   &arena, &keys, out.local, 1700000000, &back) == 0);
		assert(slice_eq(back.local, sender.local));
		assert(slice_eq(back.domain, sender.domain));
	}
	arena_done(&arena);
	return 0;
}
