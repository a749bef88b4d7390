#include "cli/script.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { STATEMENTS_MAX = 6 };

static const struct {
	const char *says;
	const char *sql;
	const char *want[STATEMENTS_MAX];
} splits[] = {
	{ "an empty file holds nothing", "", { NULL } },
	{ "nor do blanks, comments and lone semicolons",
	    " ;\n-- a; b\n/* c; */ ; ", { NULL } },
	{ "the last semicolon may be missing", "SELECT 1;SELECT 2 ",
	    { "SELECT 1", "SELECT 2" } },
	{ "a string keeps its semicolons", "SELECT ';', 'it''s;'; DELETE",
	    { "SELECT ';', 'it''s;'", "DELETE" } },
	{ "a backslash escapes nothing in a plain string",
	    "SELECT '\\'; SELECT 2;", { "SELECT '\\'", "SELECT 2" } },
	{ "but does in an E string", "SELECT E'\\';'; SELECT e'\\\\'; a",
	    { "SELECT E'\\';'", "SELECT e'\\\\'", "a" } },
	{ "also where that goes on in the next line",
	    "SELECT E'a'\n  '\\';'; b", { "SELECT E'a'\n  '\\';'", "b" } },
	{ "and not where it doesn't", "SELECT E'a' '\\'; b",
	    { "SELECT E'a' '\\'", "b" } },
	{ "a name that ends in e begins no E string", "SELECT be'\\'; b",
	    { "SELECT be'\\'", "b" } },
	{ "a quoted name keeps its semicolons", "SELECT 1 \"a\"\";b\"; c",
	    { "SELECT 1 \"a\"\";b\"", "c" } },
	{ "U& strings are plain here", "SELECT U&'\\'; U&\"\\\"; b",
	    { "SELECT U&'\\'", "U&\"\\\"", "b" } },
	{ "a dollar string ends at its own tag only",
	    "DO $a$ x; $b$; $$; $a; $a$; c",
	    { "DO $a$ x; $b$; $$; $a; $a$", "c" } },
	{ "a tag may be empty", "DO $$;$$; c", { "DO $$;$$", "c" } },
	{ "a tag may hold letters beyond ASCII", "DO $\xC3\xA4$;$\xC3\xA4$; c",
	    { "DO $\xC3\xA4$;$\xC3\xA4$", "c" } },
	{ "a parameter begins no dollar string", "a $1; b $1; c",
	    { "a $1", "b $1", "c" } },
	{ "nor does a dollar inside a name", "SELECT a$b$c; d",
	    { "SELECT a$b$c", "d" } },
	{ "a comment ends with its line", "SELECT 1 -- it's; $$\n + 1; b",
	    { "SELECT 1 -- it's; $$\n + 1", "b" } },
	{ "comments nest", "SELECT /* /* ; */ ' ; */ 1; b",
	    { "SELECT /* /* ; */ ' ; */ 1", "b" } },
	{ "minus and slash alone are operators", "SELECT 1 - 2 / 3; b",
	    { "SELECT 1 - 2 / 3", "b" } },
	{ "semicolons in parentheses end nothing",
	    "CREATE RULE r AS ON INSERT TO t DO (a; b); c",
	    { "CREATE RULE r AS ON INSERT TO t DO (a; b)", "c" } },
	{ "a body BEGIN ATOMIC … END is part of its statement",
	    "CREATE FUNCTION f() BEGIN ATOMIC a; SELECT CASE WHEN x THEN 1 "
	    "END; END; b",
	    { "CREATE FUNCTION f() BEGIN ATOMIC a; SELECT CASE WHEN x THEN 1 "
	      "END; END",
		"b" } },
	{ "so it is behind OR REPLACE PROCEDURE",
	    "create or replace procedure p() begin atomic a; end; b",
	    { "create or replace procedure p() begin atomic a; end", "b" } },
	{ "BEGIN elsewhere is a statement", "BEGIN; SELECT 1; END; b",
	    { "BEGIN", "SELECT 1", "END", "b" } },
	{ "ATOMIC without BEGIN is a name",
	    "CREATE FUNCTION atomic() AS 'x'; b",
	    { "CREATE FUNCTION atomic() AS 'x'", "b" } },
};

static void
files_are_taken_apart_as_the_server_would(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
		struct script script = script_start(slice_of(splits[i].sql));
		struct statement got;
		struct why why = { 0 };

		print_message("  %s\n", splits[i].says);
		for (size_t n = 0; splits[i].want[n] != NULL; n++) {
			assert_int_equal(script_next(&script, &got, &why), 1);
			assert_int_equal(got.text.n, strlen(splits[i].want[n]));
			assert_memory_equal(
			    got.text.p, splits[i].want[n], got.text.n);
		}
		assert_int_equal(script_next(&script, &got, &why), 0);
	}
}

static const struct {
	const char *says;
	const char *sql;
	const char *want;
} refusals[] = {
	{ "a string without end", "a;\n\nSELECT 'x;\n",
	    "line 3: a string has no end" },
	{ "an E string whose end is escaped", "SELECT E'x\\'",
	    "line 1: a string has no end" },
	{ "an E string that ends in a backslash", "SELECT E'x\\",
	    "line 1: a string has no end" },
	{ "an E string that ends in its next line", "SELECT E'x'\n'y",
	    "line 1: a string has no end" },
	{ "a quoted name without end", "SELECT \"x",
	    "line 1: a quoted name has no end" },
	{ "a dollar string without end", "DO $a$ x; $b$",
	    "line 1: a $-quoted string has no end" },
	{ "a comment without end", "/* /* */ a",
	    "line 1: a comment has no end" },
	{ "a comment without end inside a statement", "\na /* b",
	    "line 2: a comment has no end" },
	{ "a command of psql's", "\\i more.sql",
	    "line 1: backslash commands are psql's; write SQL only" },
	{ "a command of psql's behind a statement", "SELECT 1 \\gexec",
	    "line 1: backslash commands are psql's; write SQL only" },
};

static void
what_has_no_end_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct script script = script_start(slice_of(refusals[i].sql));
		struct statement got;
		struct why why = { 0 };
		int r;

		print_message("  %s\n", refusals[i].says);
		while ((r = script_next(&script, &got, &why)) > 0)
			continue;
		assert_int_equal(r, -EINVAL);
		assert_string_equal(why.detail, refusals[i].want);
	}
}

static void
a_statement_knows_its_verb_and_its_line(void **state)
{
	struct script script = script_start(
	    SLICE("-- first\nINSERT\nINTO t;\n\n/* \n */ Update t; (VALUES)"));
	struct statement got;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(script_next(&script, &got, &why), 1);
	assert_int_equal(got.line, 2);
	assert_true(slice_eq(got.verb, SLICE("INSERT")));
	assert_int_equal(script_next(&script, &got, &why), 1);
	assert_int_equal(got.line, 6);
	assert_true(slice_eq(got.verb, SLICE("Update")));
	assert_int_equal(script_next(&script, &got, &why), 1);
	assert_int_equal(got.verb.n, 0);
}

static const struct {
	const char *sql;
	bool ends;
} endings[] = {
	{ "BEGIN", true },
	{ "start transaction", true },
	{ "Commit and chain", true },
	{ "END", true },
	{ "ROLLBACK TO SAVEPOINT s", true },
	{ "abort", true },
	{ "PREPARE\n TRANSACTION 'x'", true },
	{ "PREPARE transactions AS SELECT 1", false },
	{ "PREPARE p AS SELECT 1", false },
	{ "SAVEPOINT s", false },
	{ "INSERT INTO commit VALUES (1)", false },
	{ "beginning", false },
};

static void
what_ends_a_transaction_is_told_by_its_verb(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		struct script script = script_start(slice_of(endings[i].sql));
		struct statement got;
		struct why why = { 0 };

		print_message("  %s\n", endings[i].sql);
		assert_int_equal(script_next(&script, &got, &why), 1);
		assert_int_equal(
		    statement_ends_transaction(&got), endings[i].ends);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_taken_apart_as_the_server_would),
		cmocka_unit_test(what_has_no_end_is_refused_with_its_line),
		cmocka_unit_test(a_statement_knows_its_verb_and_its_line),
		cmocka_unit_test(what_ends_a_transaction_is_told_by_its_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
