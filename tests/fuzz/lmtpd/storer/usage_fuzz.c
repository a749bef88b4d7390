/* Any maildirsize: refused, or its sums are not negative. */
#include <assert.h>
#include <stdint.h>

#include "lmtpd/storer/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	const struct slice text = { (const char *)octets, n };
	const uint64_t limits[] = { 0, 1000, 1 << 30 };

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct usage usage;

		if (usage_parse(text, limits[i], true, &usage))
			assert(usage.bytes >= 0 && usage.messages >= 0);
	}
	return 0;
}
