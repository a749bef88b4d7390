#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COLUMNS = 3, ROWS = 3 };

static const struct {
	const char *says;
	const char *rows[ROWS][COLUMNS];
	const char *want;
} cases[] = {
	{ "columns are as wide as their widest cell",
	    { { "a", "bb", "c" }, { "aaa", "b", "c" } },
	    "a    bb  c\naaa  b   c\n" },
	{ "the last column is not padded",
	    { { "a", "b", "c" }, { "a", "b", "ccc" } },
	    "a  b  c\na  b  ccc\n" },
	{ "a row ends behind its last cell that holds something",
	    { { "a", "", "" }, { "aa", "bb", "c" }, { "", "", "x" } },
	    "a\naa  bb  c\n        x\n" },
	{ "characters count, not octets",
	    { { "\xC3\xBC", "b", "c" }, { "uu", "b", "c" } },
	    "\xC3\xBC   b  c\nuu  b  c\n" },
	{ "no escape sequence reaches the terminal",
	    { { "\033[31mred", "a\nb\tc",
		"\xC2\x9B"
		"1m\x7F" } },
	    "?[31mred  a?b?c  ?1m?\n" },
	{ "letters that look like controls stay", { { "\xC2\xA0", "b", "c" } },
	    "\xC2\xA0  b  c\n" },
};

static char *
print(const char *const rows[ROWS][COLUMNS])
{
	struct arena arena = ARENA_INIT;
	struct table table = table_start(&arena, COLUMNS);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	for (size_t r = 0; r < ROWS && rows[r][0] != NULL; r++) {
		struct slice cells[COLUMNS];

		for (size_t c = 0; c < COLUMNS; c++)
			cells[c] = slice_of(rows[r][c]);
		table_add(&table, cells);
	}
	table_print(&table, out);
	(void)fclose(out);
	arena_done(&arena);
	return text;
}

static void
rows_are_printed_as_people_read_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *got = print(cases[i].rows);

		print_message("  %s\n", cases[i].says);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void
a_table_takes_any_number_of_rows(void **state)
{
	struct arena arena = ARENA_INIT;
	struct table table = table_start(&arena, 1);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	for (int i = 0; i < 1000; i++)
		table_add(&table, (struct slice[]){ SLICE("row") });
	table_print(&table, out);
	(void)fclose(out);
	assert_int_equal(n, 1000 * strlen("row\n"));
	free(text);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_printed_as_people_read_them),
		cmocka_unit_test(a_table_takes_any_number_of_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
