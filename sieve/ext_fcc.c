/*
 * RFC 8580: ":fcc" files a copy of what vacation or notify sends.
 */
#include "sieve/extension.h"

static const struct sieve_tag tags[] = {
	TAG_VALUE("fcc", GROUP_FCC, VALUE_STRING, struct store, fcc),
	TAG_END,
};

const struct sieve_extension ext_fcc = {
	.name = "fcc", .tags = tags, .off_by_default = true
};
