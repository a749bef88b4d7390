/* Any octets between "list+" and "@". What is accepted keeps its promises. */
#include <assert.h>
#include <stdint.h>

#include "listmgr/extension.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;
	struct extension extension;
	struct slice text = { (const char *)octets, n };

	if (extension_parse(&arena, text, &extension) == 0) {
		assert(extension_name(extension.kind) != NULL);
		assert(extension.token.n <= EXTENSION_TOKEN_MAX);
		assert(extension.address.n <= n);
		assert(extension.first <= extension.last ||
		       extension.kind == EXTENSION_BOUNCE);
	}
	arena_done(&arena);
	return 0;
}
