/*
 * RFC 5703 4: ":mime" in header, address and exists.
 */
#include "sieve/extension.h"

#define ASPECT(name, value)                                                    \
	TAG_CHOICE(name, GROUP_ASPECT, struct pick, mime_aspect, value)

static const struct sieve_tag tags[] = {
	TAG_FLAG("mime", GROUP_MIME, struct pick, mime),
	TAG_FLAG("anychild", GROUP_MIME, struct pick, anychild),
	ASPECT("type", MIME_TYPE),
	ASPECT("subtype", MIME_SUBTYPE),
	ASPECT("contenttype", MIME_CONTENTTYPE),
	TAG_CHOICE_OF("param", GROUP_ASPECT, VALUE_CHOICE_STRINGS, struct pick,
	    mime_aspect, MIME_PARAM, params),
	TAG_END,
};

const struct sieve_extension ext_mime = { .name = "mime", .tags = tags };
