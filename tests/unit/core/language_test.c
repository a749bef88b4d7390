#include "tests/unit/test.h"

#include "core/language.h"

static void
a_page_speaks_what_is_asked_for(void **state)
{
	static const struct {
		const char *header;
		enum language want;
	} cases[] = {
		{ "", LANGUAGE_ENGLISH },
		{ "de", LANGUAGE_GERMAN },
		{ "de-AT,de;q=0.9,en;q=0.8", LANGUAGE_GERMAN },
		{ "en-GB,en;q=0.9,de;q=0.8", LANGUAGE_ENGLISH },
		{ "fr, de;q=0.5", LANGUAGE_GERMAN },
		{ "en;q=0.3, DE ; q=0.35", LANGUAGE_GERMAN },
		{ "de;q=0", LANGUAGE_ENGLISH },
		{ "de;q=0.05, en;q=0.5", LANGUAGE_ENGLISH },
		{ "den, fr", LANGUAGE_ENGLISH },
		{ ",,;;q=,de;q=x", LANGUAGE_ENGLISH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].header);
		assert_int_equal(
		    language_of(slice_of(cases[i].header), LANGUAGE_ENGLISH),
		    cases[i].want);
	}
}

static void
who_asks_for_none_gets_the_fallback(void **state)
{
	(void)state;
	assert_int_equal(
	    language_of(SLICE("fr, it"), LANGUAGE_GERMAN), LANGUAGE_GERMAN);
	assert_int_equal(
	    language_of(SLICE("fr, en"), LANGUAGE_GERMAN), LANGUAGE_ENGLISH);
	assert_int_equal(
	    language_tagged(SLICE("de-AT"), LANGUAGE_ENGLISH), LANGUAGE_GERMAN);
	assert_int_equal(
	    language_tagged(SLICE("fr"), LANGUAGE_GERMAN), LANGUAGE_GERMAN);
	assert_string_equal(language_tag(LANGUAGE_GERMAN), "de");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_speaks_what_is_asked_for),
		cmocka_unit_test(who_asks_for_none_gets_the_fallback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
