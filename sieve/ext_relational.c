/*
 * RFC 5231: ":count" and ":value".
 */
#include "sieve/extension.h"

static const struct sieve_tag tags[] = {
	TAG_CHOICE_OF("count", GROUP_MATCH, VALUE_CHOICE_STRING, struct match,
	    type, MATCH_COUNT, relation_text),
	TAG_CHOICE_OF("value", GROUP_MATCH, VALUE_CHOICE_STRING, struct match,
	    type, MATCH_VALUE, relation_text),
	TAG_END,
};

const struct sieve_extension ext_relational = { .name = "relational",
	.tags = tags };
