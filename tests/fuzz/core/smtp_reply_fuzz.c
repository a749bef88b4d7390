/* Replies of servers we do not know, and the words of DSNs. */
#include <assert.h>
#include <stdint.h>

#include "core/dsn.h"
#include "core/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice input = { (const char *)octets, n }, plain, line;
	struct arena arena = ARENA_INIT;
	struct smtp_reply reply;
	struct why why;

	if (smtp_reply_parse(input, &reply) > 0) {
		assert(reply.code >= 200 && reply.code <= 599);
		(void)smtp_reply_why(&reply, &why);
		while (smtp_reply_line(&reply.lines, &line))
			assert(line.n <= n);
	}
	(void)dsn_orcpt(&arena, input, &plain);
	assert(dsn_plain(&arena, dsn_xtext(&arena, input), &plain) == 0);
	assert(slice_eq(plain, input));
	arena_done(&arena);
	return 0;
}
