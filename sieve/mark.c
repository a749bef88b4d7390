#include "sieve/mark.h"

#include "core/digest.h"

struct slice
mark_key(struct run *run, const struct slice *parts, size_t n)
{
	/* Nothing secret: keys stay in the mailbox' own rows. */
	static const struct slice space = { "hauspost sieve marks", 20 };
	char text[DIGEST_TEXT + 1];

	digest_text(space, parts, n, text);
	return arena_slice(run->arena, slice_of(text));
}
