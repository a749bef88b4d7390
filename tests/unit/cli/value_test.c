#include "cli/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *says;
	enum value_type type;
	const char *text;
	const char *want; /* as JSON; NULL: refused */
} cases[] = {
	{ "a text is a string", VALUE_TEXT, "a \"b\"", "\"a \\\"b\\\"\"" },
	{ "an empty one is NULL", VALUE_TEXT, "", "null" },
	{ "so a text may be called none", VALUE_TEXT, "none", "\"none\"" },
	{ "malformed UTF-8 is no text", VALUE_TEXT, "\xFF", NULL },
	{ "a number", VALUE_NUMBER, "25", "25" },
	{ "a number has no sign", VALUE_NUMBER, "-1", NULL },
	{ "no number is none", VALUE_NUMBER, "", NULL },
	{ "a number fits an integer", VALUE_NUMBER, "2147483647",
	    "2147483647" },
	{ "one above does not", VALUE_NUMBER, "2147483648", NULL },
	{ "a size in octets", VALUE_SIZE, "0", "0" },
	{ "in units of 1024", VALUE_SIZE, "3K", "3072" },
	{ "of those again", VALUE_SIZE, "2G", "2147483648" },
	{ "a size is whole", VALUE_SIZE, "1.5G", NULL },
	{ "a unit alone is no size", VALUE_SIZE, "M", NULL },
	{ "other units are none", VALUE_SIZE, "2T", NULL },
	{ "the largest size", VALUE_SIZE, "9223372036854775807",
	    "9223372036854775807" },
	{ "one too large for its unit", VALUE_SIZE, "9007199254740992K", NULL },
	{ "a size can't be none", VALUE_SIZE, "none", NULL },
	{ "a limit can", VALUE_LIMIT, "none", "null" },
	{ "and else is a size", VALUE_LIMIT, "64K", "65536" },
	{ "yes", VALUE_FLAG, "yes", "true" },
	{ "no", VALUE_FLAG, "no", "false" },
	{ "nothing else is a flag", VALUE_FLAG, "true", NULL },
};

static void
texts_become_json_or_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *value = value_parse(cases[i].type, cases[i].text);
		char *got = json_dumps(value, JSON_ENCODE_ANY);

		print_message("  %s\n", cases[i].says);
		if (cases[i].want == NULL) {
			assert_null(value);
			assert_non_null(value_wanted(cases[i].type));
		} else {
			assert_non_null(got);
			assert_string_equal(got, cases[i].want);
		}
		free(got);
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_json_or_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
