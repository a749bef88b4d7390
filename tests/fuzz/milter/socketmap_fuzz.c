/* Any octets, in any pieces: never a crash, never more used than there is. */
#include <stdint.h>
#include <stdlib.h>

#include "milter/socketmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice in = { (const char *)octets, n };
	struct socketmap_request request;
	size_t used;

	while (socketmap_read(in, &request, &used) > 0) {
		AUTO_BUF struct buf out = BUF_INIT(2 * SOCKETMAP_FRAME_MAX);

		if (used == 0 || used > in.n ||
		    request.map.n + request.key.n + 1 > SOCKETMAP_REQUEST_MAX)
			abort();
		socketmap_write(&out, SOCKETMAP_OK, request.key);
		if (buf_failed(&out))
			abort();
		in = slice_tail(in, used);
	}
	return 0;
}
