#include "tests/unit/test.h"

#include <errno.h>

#include "lmtpd/runner/command.h"

static void
words(void **state)
{
	static const struct {
		const char *name, *text;
		int r;
		const char *argv[5];
	} cases[] = {
		{ "a program", "/usr/bin/vacation", 0,
		    { "/usr/bin/vacation" } },
		{ "words and blanks", "  /bin/a  b\tc ", 0,
		    { "/bin/a", "b", "c" } },
		{ "quotes keep words together", "/bin/a 'b c' \"d e\"", 0,
		    { "/bin/a", "b c", "d e" } },
		{ "an empty word", "/bin/a '' b", 0, { "/bin/a", "", "b" } },
		{ "a pipe asks for a shell", "/bin/a | /bin/b", 0,
		    { "/bin/sh", "-c", "/bin/a | /bin/b" } },
		{ "a variable asks for a shell", "/bin/a $HOME", 0,
		    { "/bin/sh", "-c", "/bin/a $HOME" } },
		{ "the usual procmail line asks for a shell",
		    "IFS=' ' && exec /usr/bin/procmail -f- || exit 75 #me", 0,
		    { "/bin/sh", "-c",
			"IFS=' ' && exec /usr/bin/procmail -f- || exit 75 "
			"#me" } },
		{ "an open quote", "/bin/a 'b", -EINVAL, { NULL } },
		{ "nothing", "  ", -EINVAL, { NULL } },
		{ "an empty program", "'' x", -EINVAL, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		char **argv;
		size_t n = 0;

		CASE(cases[i].name);
		assert_int_equal(
		    command_parse(&arena, slice_of(cases[i].text), &argv),
		    cases[i].r);
		for (; cases[i].r == 0 && cases[i].argv[n] != NULL; n++)
			assert_string_equal(argv[n], cases[i].argv[n]);
		if (cases[i].r == 0)
			assert_null(argv[n]);
		arena_done(&arena);
	}
}

static void
too_many_words_are_refused(void **state)
{
	struct arena arena = ARENA_INIT;
	char text[3 * COMMAND_WORDS_MAX];
	char **argv;

	(void)state;
	for (size_t i = 0; i < sizeof text; i += 2)
		(void)memcpy(text + i, "a ", 2);
	assert_int_equal(
	    command_parse(
		&arena, (struct slice){ text, 2 * COMMAND_WORDS_MAX }, &argv),
	    0);
	assert_int_equal(
	    command_parse(&arena,
		(struct slice){ text, 2 * COMMAND_WORDS_MAX + 2 }, &argv),
	    -EINVAL);
	assert_int_equal(
	    command_parse(&arena, (struct slice){ "/a\0b", 4 }, &argv),
	    -EINVAL);
	arena_done(&arena);
}

static void
what_strangers_write_is_harmless_in_an_environment(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_string_equal(
	    command_clean(&arena, "a+b=c@example.org"), "a+b=c@example.org");
	assert_string_equal(command_clean(&arena, "() { :;}; rm -rf `x` $y"),
	    "_____:____rm_-rf__x___y");
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(
		    what_strangers_write_is_harmless_in_an_environment),
	};

	return cmocka_run_group_tests_name(
	    "lmtpd/runner/command", tests, NULL, NULL);
}
