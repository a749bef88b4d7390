/*
 * Any message gets a footer: where its Content-Type stays or it becomes a
 * part, its own octets are still there.
 */
#include <assert.h>
#include <stdint.h>

#include "core/entity.h"
#include "listmgr/footer.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static bool
contains(struct slice where, struct slice what)
{
	return what.n == 0 || memmem(where.p, where.n, what.p, what.n) != NULL;
}

static void
check(struct slice message, const struct footed *footed)
{
	struct slice body = entity_of(message).body;
	struct entity_value type = entity_type(footed->fields);

	if (footed->fields.n == 0)
		assert(footed->body.n > body.n);
	else if (slice_eq_nocase(type.name, SLICE("multipart/mixed")))
		assert(contains(footed->body, body));
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static const struct slice footers[] = { { "a footer", 8 },
		{ "f\xC3\xBCr \xE2\x98\x83\n>x", 11 } };
	const struct slice message = { (const char *)octets, n };
	struct arena arena = ARENA_INIT;
	struct footed footed;

	for (size_t i = 0; i < 2; i++) {
		if (footer_add(&arena, message, footers[i], &footed))
			check(message, &footed);
	}
	arena_done(&arena);
	return 0;
}
