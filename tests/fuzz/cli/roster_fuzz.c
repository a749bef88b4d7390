/* Any file of members: what is read of it is a list of objects. */
#include <assert.h>
#include <stdint.h>

#include "cli/pickle.h"
#include "cli/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	const struct slice text = { (const char *)octets, n };
	struct arena arena = ARENA_INIT;
	json_t *entries = json_array();
	json_t *entry;
	size_t i;

	if (roster_read(&arena, text, entries) == NULL)
		assert(json_array_size(entries) > 0);
	json_array_foreach(entries, i, entry) assert(json_is_object(entry));
	json_decref(pickle_read(text));
	json_decref(entries);
	arena_done(&arena);
	return 0;
}
