/* Regular expressions: pattern, NUL, value. Translated, they always end. */
#include <assert.h>
#include <stdint.h>

#include "sieve/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice pattern = { (const char *)octets, n }, value;
	struct slice groups[10];
	const char *problem = NULL;
	uint64_t fuel = 1024 * 1024;
	long nul = slice_find(pattern, '\0');
	pcre2_code *code;
	size_t count;

	if (nul < 0)
		return -1;
	value = slice_tail(pattern, (size_t)nul + 1);
	pattern.n = (size_t)nul;
	if (regex_compile(pattern, true, &code, &problem) < 0) {
		assert(problem != NULL);
		return 0;
	}
	if (regex_match(code, value, groups, 10, &count, &fuel) == 1)
		assert(count > 0 && groups[0].n <= value.n);
	pcre2_code_free(code);
	return 0;
}
