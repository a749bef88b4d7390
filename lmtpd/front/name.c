#include "lmtpd/front/name.h"

#include <sodium.h>
#include <stdatomic.h>

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

static struct {
	unsigned char octets[UNIQUE_OCTETS];
	atomic_ullong used;
} seed;

void
name_seed(void)
{
	randombytes_buf(seed.octets, sizeof seed.octets);
}

struct slice
name_unique_id(struct arena *arena)
{
	unsigned long long n = atomic_fetch_add(&seed.used, 1);
	char *id = arena_alloc(arena, sizeof seed.octets + sizeof n);

	(void)memcpy(id, seed.octets, sizeof seed.octets);
	(void)memcpy(id + sizeof seed.octets, &n, sizeof n);
	return (struct slice){ id, sizeof seed.octets + sizeof n };
}
