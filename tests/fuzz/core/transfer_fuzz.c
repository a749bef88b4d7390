/* Any octets as coded text; and what is coded comes back. */
#include <assert.h>
#include <stdint.h>

#include "core/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	const struct slice all = { n > 0 ? (const char *)octets : "", n };
	struct arena arena = ARENA_INIT;
	struct buf quoted = BUF_INIT(8 * n + 1), base64 = BUF_INIT(8 * n + 1);

	assert(transfer_decode(&arena, TRANSFER_QUOTED, all).n <= n);
	assert(transfer_decode(&arena, TRANSFER_BASE64, all).n <= n);
	assert(transfer_add_quoted(&quoted, all) == 0);
	assert(transfer_add_base64(&base64, all) == 0);
	assert(slice_eq(
	    transfer_decode(&arena, TRANSFER_QUOTED, buf_slice(&quoted)), all));
	assert(slice_eq(
	    transfer_decode(&arena, TRANSFER_BASE64, buf_slice(&base64)), all));
	buf_free(&quoted);
	buf_free(&base64);
	arena_done(&arena);
	return 0;
}
