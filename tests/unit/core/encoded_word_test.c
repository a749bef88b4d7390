#include "tests/unit/test.h"

#include "core/encoded_word.h"

static void
text_becomes_words(void **state)
{
	static const struct {
		const char *name, *text, *field;
	} cases[] = {
		{ "nothing is an empty value", "", "\n" },
		{ "a line end is data", "a\nb", " =?utf-8?B?YQpi?=\n" },
		{ "no word is longer than 75 (RFC 2047 2), no character split",
		    "12345678901234567890123456789012345678901234\303\274.",
		    " =?utf-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
		    "NDU2Nzg5MDEyMzQ=?=\n =?utf-8?B?w7wu?=\n" },
		{ "what is no UTF-8 ends as well",
		    "\200\200\200\200\200\200\200\200\200\200\200\200\200\200"
		    "\200\200\200\200\200\200\200\200\200\200\200\200\200\200"
		    "\200\200\200\200\200\200\200\200\200\200\200\200\200\200"
		    "\200\200\200\200",
		    " =?utf-8?B?gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICA"
		    "gICAgICAgICAgICA?=\n =?utf-8?B?gA==?=\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO_BUF struct buf to = BUF_INIT(1000);

		CASE(cases[i].name);
		encoded_word_add(&to, slice_of(cases[i].text));
		assert_slice(buf_slice(&to), cases[i].field);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
