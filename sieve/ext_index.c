/*
 * RFC 5260 6: ":index" and ":last" choose one of several fields.
 */
#include "sieve/extension.h"

static const struct sieve_tag tags[] = {
	TAG_VALUE("index", GROUP_INDEX, VALUE_NUMBER, struct pick, index),
	TAG_FLAG("last", GROUP_INDEX, struct pick, last),
	TAG_END,
};

const struct sieve_extension ext_index = { .name = "index", .tags = tags };
