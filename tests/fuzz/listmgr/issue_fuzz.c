/* Any posts in one digest: all of them come out again as parts of it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/entity.h"
#include "listmgr/issue.h"
#include "listmgr/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

#define S(literal)                                                             \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

#define TOKEN "q7gk2m5x3p4a6zwv"

static struct slice
boundary_of(struct arena *arena, struct slice header)
{
	struct entity_value type = entity_type(header);
	struct slice boundary = { "", 0 };

	assert(entity_param(arena, &type, SLICE("boundary"), &boundary));
	return boundary;
}

static void
check(struct arena *arena, struct slice message, size_t posts)
{
	struct entity whole = entity_of(message), part;
	struct entity_walk walk =
	    entity_parts(whole.body, boundary_of(arena, whole.header));

	assert(entity_next(&walk, &part));
	assert(entity_next(&walk, &part));
	walk = entity_parts(part.body, boundary_of(arena, part.header));
	for (; posts > 0; posts--)
		assert(entity_next(&walk, &part));
	assert(!entity_next(&walk, &part) && walk.closed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static const struct list list = { .name = S("club"),
		.domain = S("example.org"),
		.address = S("club@example.org"),
		.list_id = S("club.example.org"),
		.page = S("") };
	const struct slice all = { (const char *)octets, n };
	const struct issue_post posts[] = { { 1, slice_head(all, n / 2) },
		{ 2, slice_tail(all, n / 2) } };
	const struct issue issue = { .list = &list,
		.volume = 1,
		.number = 1,
		.token = S(TOKEN),
		.posts = posts,
		.n_posts = 2 };
	struct arena arena = ARENA_INIT;
	struct buf to = BUF_INIT(4 * n + 65536);

	/* 96 random bits, which no author knows but libFuzzer finds. */
	if (memmem(octets, n, TOKEN, sizeof TOKEN - 1) != NULL)
		return 0;
	assert(issue_build(&arena, &issue, &to) == 0);
	check(&arena, buf_slice(&to), 2);
	buf_free(&to);
	arena_done(&arena);
	return 0;
}
