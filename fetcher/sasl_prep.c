#include "fetcher/sasl_prep.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <stringprep.h>

static bool
has_control(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c == 0x7f)
			return true;
	}
	return false;
}

static void
wipe(char *text)
{
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
}

/* A query, as RFC 3454 7 has it: characters younger than the tables pass. */
int
sasl_prep(struct slice text, struct buf *to)
{
	char *copy, *prepared = NULL;
	int r = -EINVAL;

	if (has_control(text))
		return -EINVAL;
	if (!slice_has_8bit(text))
		return buf_add_slice(to, text);
	if (!slice_is_text(text))
		return -EINVAL;
	copy = strndup(text.p, text.n);
	if (copy == NULL)
		abort();
	if (stringprep_profile(copy, &prepared, "SASLprep", 0) == STRINGPREP_OK)
		r = buf_add_text(to, prepared);
	wipe(copy);
	wipe(prepared);
	return r;
}
