/* ~/.forward files: entries lie inside the text and end. */
#include <assert.h>
#include <stdint.h>

#include "core/forward_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;
	struct forward_entry *entries;
	ssize_t count = forward_file_parse(
	    &arena, (struct slice){ (const char *)octets, n }, &entries);

	for (ssize_t i = 0; i < count; i++)
		assert(entries[i].text.n <= n);
	arena_done(&arena);
	return 0;
}
