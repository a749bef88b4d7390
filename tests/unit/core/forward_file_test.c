#include "tests/unit/test.h"

#include <errno.h>

#include "core/forward_file.h"

static void
entries(void **state)
{
	static const struct {
		const char *name, *text;
		int n;
		struct {
			enum forward_kind kind;
			const char *text;
		} entries[3];
	} cases[] = {
		{ "one address", "anna@example.org\n", 1,
		    { { FORWARD_ADDRESS, "anna@example.org" } } },
		{ "a copy for oneself", "\\fred, anna@example.org", 2,
		    { { FORWARD_SELF, "fred" },
			{ FORWARD_ADDRESS, "anna@example.org" } } },
		{ "a program in quotes with a comma",
		    "\"|/bin/a b,c \\\"d\\\"\"\n", 1,
		    { { FORWARD_PROGRAM, "/bin/a b,c \"d\"" } } },
		{ "a bare program", "|/bin/a", 1,
		    { { FORWARD_PROGRAM, "/bin/a" } } },
		{ "comments and empty lines",
		    "# all of it\n\n  anna@example.org # no comment\n#x", 1,
		    { { FORWARD_ADDRESS, "anna@example.org # no comment" } } },
		{ "a quoted local part", "\"a,b\"@example.org,c@d.example", 2,
		    { { FORWARD_ADDRESS, "\"a,b\"@example.org" },
			{ FORWARD_ADDRESS, "c@d.example" } } },
		{ "a file is not for us", "/home/fred/mail", 1,
		    { { FORWARD_UNSUPPORTED, "/home/fred/mail" } } },
		{ "an include inside is not, either", ":include:/x", 1,
		    { { FORWARD_UNSUPPORTED, ":include:/x" } } },
		{ "a pipe to nothing", "|", 1,
		    { { FORWARD_UNSUPPORTED, "|" } } },
		{ "CRLF ends lines, too", "a@b.example\r\nc@d.example\r\n", 2,
		    { { FORWARD_ADDRESS, "a@b.example" },
			{ FORWARD_ADDRESS, "c@d.example" } } },
		{ "nothing", " \n,\n", 0, { { FORWARD_ADDRESS, "" } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct forward_entry *found;

		CASE(cases[i].name);
		assert_int_equal(
		    forward_file_parse(&arena, slice_of(cases[i].text), &found),
		    cases[i].n);
		for (int k = 0; k < cases[i].n; k++) {
			assert_int_equal(
			    found[k].kind, cases[i].entries[k].kind);
			assert_slice(found[k].text, cases[i].entries[k].text);
		}
		arena_done(&arena);
	}
}

static void
half_a_list_is_no_list(void **state)
{
	struct arena arena = ARENA_INIT;
	struct forward_entry *found;
	char text[2 * (FORWARD_ENTRIES_MAX + 1)];

	(void)state;
	for (size_t i = 0; i < sizeof text; i += 2)
		(void)memcpy(text + i, "a,", 2);
	assert_int_equal(
	    forward_file_parse(&arena,
		(struct slice){ text, 2 * FORWARD_ENTRIES_MAX }, &found),
	    FORWARD_ENTRIES_MAX);
	assert_int_equal(forward_file_parse(&arena,
			     (struct slice){ text, sizeof text }, &found),
	    -E2BIG);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(half_a_list_is_no_list),
	};

	return cmocka_run_group_tests_name(
	    "core/forward_file", tests, NULL, NULL);
}
