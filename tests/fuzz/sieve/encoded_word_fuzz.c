/* Header text: decoding never grows beyond what charsets can do. */
#include <assert.h>
#include <stdint.h>

#include "sieve/encoded_word.h"
#include "sieve/header_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice value = { (const char *)octets, n };
	struct arena arena = ARENA_INIT;
	struct slice text = encoded_word_decode(&arena, value), line;
	struct slice written = header_write(&arena, 7, text, SLICE("\r\n"));

	assert(text.n <= 16 * n + 16);
	/* What is written is one field, whatever the text was. */
	(void)slice_cut(&written, '\n', &line);
	while (slice_cut(&written, '\n', &line))
		assert(line.n > 0 && line.p[0] == ' ');
	arena_done(&arena);
	return 0;
}
