/* Bounces as anybody may write them: what is shown lies inside of them. */
#include <assert.h>
#include <stdint.h>

#include "core/bounce.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void
check(struct slice s, struct slice body)
{
	assert(s.n == 0 || (s.p >= body.p && s.p + s.n <= body.p + body.n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	const struct slice body = { (const char *)octets, n };
	struct bounce_walk walk = bounce_start(body);
	struct bounce bounce;

	while (bounce_next(&walk, &bounce)) {
		check(bounce.recipient, body);
		check(bounce.status, body);
		check(bounce.reply, body);
		(void)bounce_is_gone(&bounce);
	}
	return 0;
}
