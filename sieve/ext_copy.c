/*
 * RFC 3894: ":copy" leaves the implicit keep as it is.
 */
#include "sieve/extension.h"

static const struct sieve_tag tags[] = {
	TAG_FLAG("copy", GROUP_COPY, struct store, copy),
	TAG_END,
};

const struct sieve_extension ext_copy = { .name = "copy", .tags = tags };
