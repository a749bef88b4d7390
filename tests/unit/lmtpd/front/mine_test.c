#include "lmtpd/front/mine.h"

#include "tests/unit/test.h"

static const struct {
	const char *says;
	const char *path[4];
	enum mine mine;
} cases[] = {
	{ "an address of it", { "info@example.org", "mailbox:xyz00-abc" },
	    MINE },
	{ "by an alias",
	    { "info@example.org", "alias:xyz00-office", "mailbox:xyz00-abc" },
	    MINE },
	{ "by a catch-all",
	    { "catch-all:any@example.org", "mailbox:xyz00-abc" },
	    MINE_BY_CATCH_ALL },
	{ "of somebody who forwards to it",
	    { "tim@example.org", "mailbox:xyz00-tim", "abc@example.org",
		"mailbox:xyz00-abc" },
	    MINE_NOT },
	{ "a name that begins like it",
	    { "info@example.org", "mailbox:xyz00-abcd" }, MINE_NOT },
	{ "no mailbox at all", { "info@example.org" }, MINE_NOT },
};

static void
the_way_says_whose_address_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice path[4];
		struct leaf leaf = { .path = path };
		const struct answer answer = { .leaves = &leaf, .n = 1 };

		CASE(cases[i].says);
		for (; leaf.path_n < 4 && cases[i].path[leaf.path_n] != NULL;
		     leaf.path_n++)
			path[leaf.path_n] =
			    slice_of(cases[i].path[leaf.path_n]);
		assert_int_equal(
		    mine_by_answer(&answer, SLICE("xyz00-abc")), cases[i].mine);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_says_whose_address_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
