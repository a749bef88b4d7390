#include "fetcher/sasl_prep.h"

#include <errno.h>

#include "tests/unit/test.h"

/* RFC 4013 3 has the examples that name it. */
static void
a_password_has_one_form(void **state)
{
	static const struct {
		const char *name, *text;
		int result;
		const char *prepared;
	} cases[] = {
		{ "ASCII is as it is", "user~ 1", 0, "user~ 1" },
		{ "case stays (RFC 4013 3)", "USER", 0, "USER" },
		{ "a soft hyphen is nothing (RFC 4013 3)", "I\xc2\xadX", 0,
		    "IX" },
		{ "forms of a letter become it (RFC 4013 3)", "\xc2\xaa", 0,
		    "a" },
		{ "a number of one sign as well (RFC 4013 3)", "\xe2\x85\xa8",
		    0, "IX" },
		{ "letter and accent are one", "u\xcc\x88", 0, "\xc3\xbc" },
		{ "another blank is a blank", "a\xc2\xa0z", 0, "a z" },
		{ "what is younger than the tables passes",
		    "\xf0\x9f\x94\x91", 0, "\xf0\x9f\x94\x91" },
		{ "controls are refused (RFC 4013 3)", "\x07", -EINVAL, NULL },
		{ "so are mixed directions (RFC 4013 3)", "\xd8\xa7\x31",
		    -EINVAL, NULL },
		{ "and what is no UTF-8", "\xff", -EINVAL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO_BUF struct buf prepared = BUF_INIT(100);

		CASE(cases[i].name);
		assert_int_equal(
		    sasl_prep(slice_of(cases[i].text), &prepared),
		    cases[i].result);
		if (cases[i].prepared != NULL)
			assert_string_equal(
			    buf_text(&prepared), cases[i].prepared);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_has_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
