/* Any text as a DMARC record: what it wants is a policy, never unknown. */
#include <assert.h>
#include <stdint.h>

#include "listmgr/dmarc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	const struct slice text = { (const char *)octets, n };
	struct dmarc_record record;

	if (!dmarc_record_read(text, &record))
		return 0;
	assert(dmarc_record_own(&record) != DMARC_UNKNOWN);
	assert(dmarc_record_below(&record, true) != DMARC_UNKNOWN);
	assert(dmarc_record_below(&record, false) < DMARC_POLICIES);
	return 0;
}
