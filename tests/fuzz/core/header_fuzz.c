/* Header blocks: fields never overlap and never leave the message. */
#include <assert.h>
#include <stdint.h>

#include "core/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice message = { (const char *)octets, n };
	struct header_walk walk = header_start(message);
	struct arena arena = ARENA_INIT;
	struct header_field field;
	size_t used = 0;

	while (header_next(&walk, &field)) {
		assert(field.whole.p == message.p + used);
		used += field.whole.n;
		assert(field.name.n > 0 && field.value.n <= field.whole.n);
		(void)header_unfold(&arena, field.value);
	}
	assert(used == header_length(message) && used <= n);
	arena_done(&arena);
	return 0;
}
