/*
 * RFC 5233: ":user" and ":detail" of local parts such as "fred+lists".
 */
#include "sieve/extension.h"

static const struct sieve_tag tags[] = {
	TAG_CHOICE(
	    "user", GROUP_ADDRESS, struct pick, address_part, ADDRESS_USER),
	TAG_CHOICE(
	    "detail", GROUP_ADDRESS, struct pick, address_part, ADDRESS_DETAIL),
	TAG_END,
};

const struct sieve_extension ext_subaddress = { .name = "subaddress",
	.tags = tags };
