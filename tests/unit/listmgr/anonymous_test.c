#include "tests/unit/test.h"

#include "listmgr/anonymous.h"
#include "listmgr/list.h"

static const struct list list = { .name = { "club", 4 },
	.domain = { "example.org", 11 },
	.address = { "club@example.org", 16 },
	.title = { "Club", 4 } };

#define POST(id, more)                                                         \
	"Received: from home\nFrom: Anna <anna@a.example>\n" id                \
	"Reply-To: anna@a.example\nX-Mailer: mine\nSubject: x\n" more "\nHi\n"

static void
nothing_says_who_wrote_it(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice post = anonymous_post(&arena, &list,
	    slice_of(POST("Message-ID: <1@a.example>\n",
		"Content-Type: text/plain\nReferences: <0@b>\n")));
	struct slice start =
	    SLICE("From: Club <club@example.org>\nMessage-ID: <hauspost-");
	struct slice end = SLICE("@example.org>\nSubject: x\n"
				 "Content-Type: text/plain\n"
				 "References: <0@b>\n\nHi\n");

	(void)state;
	assert_true(slice_eq(slice_head(post, start.n), start));
	assert_true(slice_eq(slice_tail(post, post.n - end.n), end));
	assert_int_equal(post.n, start.n + 32 + end.n);
	arena_done(&arena);
}

static void
a_repeat_has_the_same_message_id(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice one = anonymous_post(
	    &arena, &list, slice_of(POST("Message-ID: <1@a>\n", "")));
	struct slice again = anonymous_post(&arena, &list,
	    slice_of(POST("Message-ID: <1@a>\n", "X-Way: other\n")));
	struct slice other = anonymous_post(
	    &arena, &list, slice_of(POST("Message-ID: <2@a>\n", "")));
	struct slice without =
	    anonymous_post(&arena, &list, slice_of(POST("", "")));

	(void)state;
	assert_true(slice_eq(one, again));
	assert_false(slice_eq(one, other));
	assert_false(slice_eq(without, other));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_says_who_wrote_it),
		cmocka_unit_test(a_repeat_has_the_same_message_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
