#include "cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/program.h"

enum { ARGV_MAX = 10 };

static const struct {
	const char *says;
	char *argv[ARGV_MAX];
	const char *words;   /* of the command */
	const char *operand; /* the first; NULL: none */
	const char *value;   /* of the command's first option; NULL: none */
	const char *config;
	bool json;
} cases[] = {
	{ "a command and an operand", { "hauspost", "explain", "a" }, "explain",
	    "a", NULL, HAUSPOST_CONFIG_PATH, false },
	{ "a command of two words", { "hauspost", "db", "migrate" },
	    "db migrate", NULL, NULL, HAUSPOST_CONFIG_PATH, false },
	{ "common options before the command",
	    { "hauspost", "--config", "x", "--json", "explain", "a" },
	    "explain", "a", NULL, "x", true },
	{ "common options behind it",
	    { "hauspost", "explain", "a", "--json", "-c", "x" }, "explain", "a",
	    NULL, "x", true },
	{ "its own option before the operand",
	    { "hauspost", "explain", "--with", "f", "a" }, "explain", "a", "f",
	    HAUSPOST_CONFIG_PATH, false },
	{ "its own option behind the operand",
	    { "hauspost", "explain", "a", "--with=f" }, "explain", "a", "f",
	    HAUSPOST_CONFIG_PATH, false },
	{ "an empty value is one", { "hauspost", "explain", "a", "--with", "" },
	    "explain", "a", "", HAUSPOST_CONFIG_PATH, false },
	{ "behind -- an operand may look like an option",
	    { "hauspost", "explain", "--", "--with" }, "explain", "--with",
	    NULL, HAUSPOST_CONFIG_PATH, false },
	{ "a word of the command may be an operand too",
	    { "hauspost", "mailbox", "show", "mailbox" }, "mailbox show",
	    "mailbox", NULL, HAUSPOST_CONFIG_PATH, false },
};

static void
assert_text(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void
command_lines_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct call call = { 0 };
		char *argv[ARGV_MAX]; /* getopt puts operands last */
		int argc = 0;

		print_message("  %s\n", cases[i].says);
		(void)memcpy(argv, cases[i].argv, sizeof argv);
		while (argv[argc] != NULL)
			argc++;
		assert_int_equal(
		    command_parse(argc, argv, &call), COMMAND_RUNS);
		assert_text(call.command->words, cases[i].words);
		assert_int_equal(call.args.n, cases[i].operand != NULL);
		assert_text(call.args.operands[0], cases[i].operand);
		assert_text(call.args.values[0], cases[i].value);
		assert_text(call.config_path, cases[i].config);
		assert_int_equal(call.json, cases[i].json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
