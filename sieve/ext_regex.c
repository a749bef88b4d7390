/*
 * draft-ietf-sieve-regex: ":regex", POSIX extended regular expressions.
 */
#include "sieve/extension.h"
#include "sieve/modify.h"

static const struct sieve_tag tags[] = {
	TAG_CHOICE("regex", GROUP_MATCH, struct match, type, MATCH_REGEX),
	TAG_CHOICE("quoteregex", GROUP_MODIFY, struct modifiers, quote,
	    MODIFY_QUOTEREGEX),
	TAG_END,
};

const struct sieve_extension ext_regex = { .name = "regex", .tags = tags };
