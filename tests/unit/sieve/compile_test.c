#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>

#include "sieve/sieve.h"

#define SLICE_OF(text)                                                         \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

/* What an author of a script reads, and where. */
static const struct {
	const char *name, *script;
	unsigned line, column;
	const char *text; /* part of the first error; NULL: it compiles */
} cases[] = {
	{ "an empty script keeps the mail", "", 0, 0, NULL },
	{ "a byte order mark means nothing", "\xEF\xBB\xBFkeep;", 0, 0, NULL },
	{ "CRLF is a line end as well", "# x\r\nkeep;\r\n", 0, 0, NULL },
	{ "a comment at the end needs no line end", "keep; # x", 0, 0, NULL },
	{ "a semicolon is missing", "keep\nstop;", 2, 1, "is a \";\" missing" },
	{ "the script ends too early", "keep", 1, 5, "the script ends where" },
	{ "an unknown command", "\n\n  frop;", 3, 3,
	    "unknown command \"frop\"" },
	{ "an unknown test", "if frop { keep; }", 1, 4,
	    "unknown test \"frop\"" },
	{ "a test as a command", "header \"a\" \"b\";", 1, 1,
	    "tests belong behind" },
	{ "a command as a test", "if keep { stop; }", 1, 4,
	    "\"keep\" is not a test" },
	{ "columns are characters, not octets",
	    "if header \"\xC3\xA4\" 5 { keep; }", 1, 15,
	    "needs a string or a list" },
	{ "a brace too many", "keep;\n}", 2, 1, "never opened" },
	{ "a brace too few", "if true {\nkeep;\n", 3, 1, "the script ends" },
	{ "a tag that is not there", "keep :frop;", 1, 6, "no tag \":frop\"" },
	{ "a tag of an extension not required", "redirect :copy \"a@b.c\";", 1,
	    10, "needs require \"copy\"" },
	{ "a number where a string belongs", "redirect 5;", 1, 10,
	    "\"redirect\" needs a string as its address" },
	{ "a list where a string belongs", "redirect [\"a@b.example\"];", 1, 10,
	    "\"redirect\" needs a string" },
	{ "an argument is missing", "if header \"a\" { keep; }", 1, 4,
	    "\"header\" lacks its keys" },
	{ "an argument too many", "keep \"a\";", 1, 6, "more arguments" },
	{ "two match types exclude each other",
	    "if header :is :contains \"a\" \"b\" { keep; }", 1, 15,
	    "excludes it" },
	{ "an extension nobody has", "require \"elbonia\";", 1, 9,
	    "no extension \"elbonia\"" },
	{ "an extension that is switched off", "require \"editheader\";", 1, 9,
	    "switched off on this server" },
	{ "a header name with a colon", "if exists \"to:\" { keep; }", 1, 4,
	    "no name of a header field" },
	{ "a header without addresses", "if address \"subject\" \"a\" {}", 1, 4,
	    "holds no addresses" },
	{ "a block without braces", "if true keep;", 1, 1, "needs a block" },
	{ "size without direction", "if size 5 { keep; }", 1, 4, ":over" },
	{ "allof without a list", "if allof true { keep; }", 1, 4,
	    "list of tests in parentheses" },
};

static void
scripts_compile_or_say_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sieve_program *program = NULL;
		struct sieve_errors errors;
		int r;

		CASE(cases[i].name);
		sieve_errors_init(&errors);
		r = sieve_compile(
		    slice_of(cases[i].script), NULL, &program, &errors);
		if (cases[i].text == NULL) {
			assert_int_equal(r, 0);
		} else {
			assert_int_equal(r, -EINVAL);
			print_message("             %u:%u %s\n",
			    errors.list[0].line, errors.list[0].column,
			    errors.list[0].text);
			assert_non_null(
			    strstr(errors.list[0].text, cases[i].text));
			assert_int_equal(errors.list[0].line, cases[i].line);
			assert_int_equal(
			    errors.list[0].column, cases[i].column);
		}
		sieve_program_unref(program);
		sieve_errors_done(&errors);
	}
}

static int
compile(struct slice script, struct sieve_errors *errors)
{
	struct sieve_program *program = NULL;
	int r;

	sieve_errors_init(errors);
	r = sieve_compile(script, NULL, &program, errors);
	sieve_program_unref(program);
	return r;
}

static void
a_script_beyond_100_kb_is_refused(void **state)
{
	struct sieve_errors errors;
	char *script = malloc(SIEVE_SCRIPT_MAX + 1);

	(void)state;
	(void)memset(script, '\n', SIEVE_SCRIPT_MAX + 1);
	assert_int_equal(
	    compile((struct slice){ script, SIEVE_SCRIPT_MAX }, &errors), 0);
	sieve_errors_done(&errors);
	assert_int_equal(
	    compile((struct slice){ script, SIEVE_SCRIPT_MAX + 1 }, &errors),
	    -EINVAL);
	sieve_errors_done(&errors);
	free(script);
}

static void
nul_has_no_place_in_a_script(void **state)
{
	static const struct slice scripts[] = { SLICE_OF("redirect \"a\0b\";"),
		SLICE_OF("redirect text:\na\0b\n.\n;"), SLICE_OF("keep\0;") };
	struct sieve_errors errors;

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		assert_int_equal(compile(scripts[i], &errors), -EINVAL);
		assert_non_null(strpbrk(errors.list[0].text, "N0"));
		sieve_errors_done(&errors);
	}
}

static void
errors_are_told_up_to_a_limit(void **state)
{
	struct sieve_errors errors;
	char script[1000] = "";

	(void)state;
	for (int i = 0; i < 40; i++)
		(void)strcat(script, "frop;\n");
	assert_int_equal(compile(slice_of(script), &errors), -EINVAL);
	assert_int_equal(errors.n, SIEVE_ERRORS_MAX);
	assert_int_equal(errors.list[19].line, 20);
	sieve_errors_done(&errors);
}

static void
the_largest_script_stays_under_5_mb(void **state)
{
	static const char *const parts[] = { "keep;", "if true{}",
		"if header \"a\" \"b\"{}", "redirect\"a@b.example\";",
		"if header \"a\" [\"b\",\"c\",\"d\",\"e\"]{}" };
	char *script = malloc(SIEVE_SCRIPT_MAX + 1);

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		size_t n = strlen(parts[i]), length = 0;
		struct sieve_program *program;
		struct sieve_errors errors;

		for (; length + n <= SIEVE_SCRIPT_MAX; length += n)
			(void)memcpy(script + length, parts[i], n);
		sieve_errors_init(&errors);
		assert_int_equal(sieve_compile((struct slice){ script, length },
				     NULL, &program, &errors),
		    0);
		CASE(parts[i]);
		assert_true(sieve_program_size(program) < 5 * 1024 * 1024);
		sieve_program_unref(program);
		sieve_errors_done(&errors);
	}
	free(script);
}

static void
sets_of_extensions_are_read_as_dovecot_has_them(void **state)
{
	struct arena arena = ARENA_INIT;
	sieve_extension_set set;
	struct slice bad;

	(void)state;
	assert_int_equal(
	    sieve_extensions_parse(SLICE("fileinto  vacation"), &set, &bad), 0);
	assert_slice(sieve_extension_names(set, &arena), "fileinto vacation");
	assert_int_equal(
	    sieve_extensions_parse(SLICE("+editheader -regex"), &set, &bad), 0);
	assert_non_null(
	    strstr(sieve_extension_names(set, &arena).p, "editheader"));
	assert_null(strstr(sieve_extension_names(set, &arena).p, "regex"));
	assert_int_equal(
	    sieve_extensions_parse(SLICE("fileinto elbonia"), &set, &bad),
	    -EINVAL);
	assert_slice(bad, "elbonia");
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_compile_or_say_what_is_wrong),
		cmocka_unit_test(a_script_beyond_100_kb_is_refused),
		cmocka_unit_test(nul_has_no_place_in_a_script),
		cmocka_unit_test(errors_are_told_up_to_a_limit),
		cmocka_unit_test(the_largest_script_stays_under_5_mb),
		cmocka_unit_test(
		    sets_of_extensions_are_read_as_dovecot_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
