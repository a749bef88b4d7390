/* Bounces as anybody may write them: what is told of them is clean text. */
#include <assert.h>
#include <stdint.h>

#include "listmgr/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;
	const struct report_source source = { { (const char *)octets, n }, true,
		2 };
	struct report report;

	report_read(&arena, &source, &report);
	assert(report.kind < REPORT_KINDS);
	assert(report.status.n < 10);
	assert(slice_is_text(report.status));
	assert(slice_is_text(report.recipient));
	assert(slice_is_text(report.diagnostic));
	assert(report.diagnostic.n <= REPORT_WORDS);
	arena_done(&arena);
	return 0;
}
