#include "tests/unit/test.h"

static void
numbers(void **state)
{
	static const struct {
		const char *name, *text;
		unsigned long long max;
		int ok;
		unsigned long long value;
	} cases[] = {
		{ "a plain number", "4711", 10000, 1, 4711 },
		{ "the maximum itself", "255", 255, 1, 255 },
		{ "one above the maximum", "256", 255, 0, 0 },
		{ "more digits than any integer", "99999999999999999999",
		    UINT64_MAX, 0, 0 },
		{ "the largest integer", "18446744073709551615", UINT64_MAX, 1,
		    UINT64_MAX },
		{ "nothing", "", 10, 0, 0 },
		{ "a sign", "-1", 10, 0, 0 },
		{ "trailing letters", "12k", 100, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned long long value = 0;

		CASE(cases[i].name);
		assert_int_equal(
		    slice_number(slice_of(cases[i].text), cases[i].max, &value),
		    cases[i].ok);
		assert_true(value == cases[i].value);
	}
}

static void
text_is_utf8_without_nul(void **state)
{
	static const struct {
		const char *name;
		struct slice text;
		int ok;
	} cases[] = {
		{ "ASCII", { "abc", 3 }, 1 },
		{ "umlauts", { "\xc3\xa4", 2 }, 1 },
		{ "four octets", { "\xf0\x9f\x93\xab", 4 }, 1 },
		{ "nothing", { "", 0 }, 1 },
		{ "a NUL", { "a\0b", 3 }, 0 },
		{ "Latin-1", { "\xe4", 1 }, 0 },
		{ "a cut sequence", { "\xc3", 1 }, 0 },
		{ "an overlong slash", { "\xc0\xaf", 2 }, 0 },
		{ "an overlong three-octet form", { "\xe0\x80\xaf", 3 }, 0 },
		{ "a surrogate", { "\xed\xa0\x80", 3 }, 0 },
		{ "beyond U+10FFFF", { "\xf4\x90\x80\x80", 4 }, 0 },
		{ "a lone continuation", { "\x80", 1 }, 0 },
		{ "a broken third octet", { "\xe2\x82\x41", 3 }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_int_equal(slice_is_text(cases[i].text), cases[i].ok);
	}
}

static void
cutting_gives_every_part(void **state)
{
	struct slice rest = SLICE("a,,b"), part;

	(void)state;
	assert_true(slice_cut(&rest, ',', &part));
	assert_slice(part, "a");
	assert_true(slice_cut(&rest, ',', &part));
	assert_slice(part, "");
	assert_true(slice_cut(&rest, ',', &part));
	assert_slice(part, "b");
	assert_false(slice_cut(&rest, ',', &part));
}

static void
comparing_folds_ascii_only(void **state)
{
	(void)state;
	assert_true(slice_eq_nocase(SLICE("InFo"), SLICE("info")));
	assert_false(slice_eq_nocase(SLICE("\xc3\x84"), SLICE("\xc3\xa4")));
	assert_false(slice_eq_nocase(SLICE("info"), SLICE("information")));
	assert_true(slice_starts_nocase(SLICE("ORCPT=x"), SLICE("orcpt=")));
	assert_false(slice_starts_nocase(SLICE("ORC"), SLICE("orcpt=")));
}

static void
trimming_and_tails_stay_inside(void **state)
{
	(void)state;
	assert_slice(slice_trim(SLICE(" \t a b \r\n")), "a b");
	assert_slice(slice_trim(SLICE("  ")), "");
	assert_slice(slice_tail(SLICE("abc"), 9), "");
	assert_slice(slice_head(SLICE("abc"), 9), "abc");
	assert_int_equal(slice_find(SLICE("a@b@c"), '@'), 1);
	assert_int_equal(slice_rfind(SLICE("a@b@c"), '@'), 3);
	assert_int_equal(slice_find(SLICE(""), '@'), -1);
}

/* Of the draft that describes FNV (draft-eastlake-fnv). */
static void
hashes_are_fnv_1a(void **state)
{
	(void)state;
	assert_true(slice_hash(SLICE("")) == 0xcbf29ce484222325);
	assert_true(slice_hash(SLICE("foobar")) == 0x85944171f73967e8);
}

static void
a_part_is_found_anywhere_in_any_case(void **state)
{
	(void)state;
	assert_true(slice_contains_nocase(SLICE("An Abc"), SLICE("aBC")));
	assert_true(slice_contains_nocase(SLICE("abc"), SLICE("")));
	assert_false(slice_contains_nocase(SLICE("ab"), SLICE("abc")));
	assert_false(slice_contains_nocase(SLICE(""), SLICE("a")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_found_anywhere_in_any_case),
		cmocka_unit_test(numbers),
		cmocka_unit_test(text_is_utf8_without_nul),
		cmocka_unit_test(cutting_gives_every_part),
		cmocka_unit_test(comparing_folds_ascii_only),
		cmocka_unit_test(trimming_and_tails_stay_inside),
		cmocka_unit_test(hashes_are_fnv_1a),
	};

	return cmocka_run_group_tests_name("core/slice", tests, NULL, NULL);
}
