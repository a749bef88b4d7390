#include "lmtpd/storer/keywords.h"

#include "tests/unit/test.h"

static const struct {
	const char *says, *file, *wanted, *letters, *append;
} cases[] = {
	{ "the first one", "", "$Label1", "a", "0 $Label1\n" },
	{ "known ones", "0 $Label1\n1 work\n", "work $Label1", "ab", "" },
	{ "keywords have no case", "0 $Label1\n", "$LABEL1", "a", "" },
	{ "a gap is filled", "0 one\n2 three\n", "two", "b", "1 two\n" },
	{ "the same twice", "", "one one", "a", "0 one\n" },
	{ "lines that Dovecot would not read", "x\n99 far\n 1 a\n-1 b\n", "one",
	    "a", "0 one\n" },
	{ "an unfinished line counts", "0 one", "one", "a", "" },
	{ "no letter left",
	    "0 a\n1 b\n2 c\n3 d\n4 e\n5 f\n6 g\n7 h\n8 i\n9 j\n10 k\n11 l\n"
	    "12 m\n13 n\n14 o\n15 p\n16 q\n17 r\n18 s\n19 t\n20 u\n21 v\n"
	    "22 w\n23 x\n24 y\n25 z\n",
	    "z new a", "az", "" },
	{ "what is no keyword", "", "a\nb \x80", "", "" },
};

static void
a_keyword_has_its_letter(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO_BUF struct buf append = BUF_INIT(512);
		char letters[KEYWORDS_LETTERS];

		CASE(cases[i].says);
		keywords_plan(slice_of(cases[i].file),
		    slice_of(cases[i].wanted), &append, letters);
		assert_string_equal(letters, cases[i].letters);
		assert_string_equal(buf_text(&append), cases[i].append);
	}
}

static void
without_the_lock_new_ones_are_left_out(void **state)
{
	char letters[KEYWORDS_LETTERS];

	(void)state;
	keywords_plan(SLICE("3 old\n"), SLICE("new old"), NULL, letters);
	assert_string_equal(letters, "d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_keyword_has_its_letter),
		cmocka_unit_test(without_the_lock_new_ones_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
