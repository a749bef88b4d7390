/* Any octets as an entity: what is shown of it lies inside of it. */
#include <assert.h>
#include <stdint.h>

#include "core/entity.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void
check(struct slice s, struct slice whole)
{
	assert(s.n == 0 || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n));
}

static void
walk(struct arena *arena, struct slice octets, int depth)
{
	struct entity entity = entity_of(octets), part;
	struct entity_value type = entity_type(entity.header);
	struct slice boundary = { NULL, 0 };
	struct entity_walk parts;

	check(entity.header, octets);
	check(entity.body, octets);
	if (depth == 0 ||
	    !entity_param(arena, &type, SLICE("boundary"), &boundary))
		return;
	parts = entity_parts(entity.body, boundary);
	while (entity_next(&parts, &part)) {
		check(part.header, entity.body);
		check(part.body, entity.body);
		walk(arena, part.body, depth - 1);
	}
	assert(!parts.closed || parts.position < entity.body.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;

	walk(&arena, (struct slice){ (const char *)octets, n }, 3);
	arena_done(&arena);
	return 0;
}
