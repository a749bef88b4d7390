/*
 * RFC 6009 3: ":notify" and ":ret" of redirect. What they say travels on as
 * it is; the caller speaks SMTP and knows what the next server offers.
 */
#include "sieve/extension.h"

static const struct sieve_tag tags[] = {
	TAG_VALUE("notify", GROUP_SEND, VALUE_STRING, struct store, notify),
	TAG_VALUE("ret", GROUP_SEND, VALUE_STRING, struct store, ret),
	TAG_END,
};

const struct sieve_extension ext_redirect_dsn = {
	.name = "redirect-dsn", .tags = tags, .off_by_default = true
};
