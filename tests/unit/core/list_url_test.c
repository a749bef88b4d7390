#include "tests/unit/test.h"

#include "core/list_url.h"

static void
parts_are_written_as_rfc_5064_wants_them(void **state)
{
	static const struct {
		const char *name, *plain, *want;
	} cases[] = {
		{ "an address stays as it is", "a.b-c_d~e@x.example",
		    "a.b-c_d~e@x.example" },
		{ "what has a meaning in paths is escaped", "a/b?c#d%e@x",
		    "a%2Fb%3Fc%23d%25e@x" },
		{ "so is a plus sign", "a+b@x", "a%2Bb@x" },
		{ "any octet may stand in a Message-ID", "\xFF\n\"@@",
		    "%FF%0A%22@@" },
		{ "nothing stays nothing", "", "" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_slice(list_url_part(&arena, slice_of(cases[i].plain)),
		    cases[i].want);
	}
	arena_done(&arena);
}

static void
each_page_has_one_address(void **state)
{
	struct slice base = SLICE("https://l.example");
	struct slice list = SLICE("news@x.example");
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_slice(
	    list_url(&arena, base, list), "https://l.example/l/news@x.example");
	assert_slice(list_url_message(&arena, base, list, SLICE("1$a@y")),
	    "https://l.example/l/news@x.example/1%24a@y/");
	assert_slice(list_url_token(&arena, base, LIST_URL_LEAVE, SLICE("abc")),
	    "https://l.example/u/abc");
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_written_as_rfc_5064_wants_them),
		cmocka_unit_test(each_page_has_one_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
