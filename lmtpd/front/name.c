#include "lmtpd/front/name.h"

#include <sodium.h>

#include "core/digest.h"

enum { UNIQUE_OCTETS = 16 };

/* A slash would lead into a folder, a colon begin the flags. */
static struct slice
file_safe(struct arena *arena, struct slice node)
{
	char *safe = arena_strndup(arena, node.p, node.n);

	for (size_t i = 0; i < node.n; i++) {
		if (safe[i] == '/' || safe[i] == ':' || safe[i] == ',')
			safe[i] = '_';
	}
	return (struct slice){ safe, node.n };
}

struct slice
name_make(struct arena *arena, struct slice secret, struct slice node,
    const struct name_source *from)
{
	const struct slice parts[] = { from->id, from->original, from->leaf };
	char digest[DIGEST_TEXT + 1];

	digest_text(secret, parts, sizeof parts / sizeof *parts, digest);
	return slice_of(
	    arena_printf(arena, "%lld.%s.%.*s", (long long)from->arrival,
		digest, SLICE_FMT(file_safe(arena, node))));
}

struct slice
name_unique_id(struct arena *arena)
{
	char octets[UNIQUE_OCTETS];

	randombytes_buf(octets, sizeof octets);
	return arena_slice(arena, (struct slice){ octets, sizeof octets });
}
