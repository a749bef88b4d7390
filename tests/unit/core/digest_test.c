#include "tests/unit/test.h"

#include "core/digest.h"

static void
of(const char *a, const char *b, char *text)
{
	const struct slice parts[] = { slice_of(a), slice_of(b) };

	digest_text(SLICE("0123456789abcdef"), parts, COUNT(parts), text);
}

static void
the_same_parts_give_the_same_name(void **state)
{
	char one[DIGEST_TEXT + 1], two[DIGEST_TEXT + 1];

	(void)state;
	of("4F1A", "info@example.org", one);
	of("4F1A", "info@example.org", two);
	assert_string_equal(one, two);
	assert_int_equal(strlen(one), DIGEST_TEXT);
	assert_int_equal(
	    strspn(one, "abcdefghijklmnopqrstuvwxyz234567"), DIGEST_TEXT);
}

static void
parts_do_not_run_together(void **state)
{
	char one[DIGEST_TEXT + 1], two[DIGEST_TEXT + 1];

	(void)state;
	of("ab", "c", one);
	of("a", "bc", two);
	assert_string_not_equal(one, two);
}

static void
another_key_gives_another_name(void **state)
{
	const struct slice part = SLICE("x");
	char one[DIGEST_TEXT + 1], two[DIGEST_TEXT + 1];

	(void)state;
	digest_text(SLICE("0123456789abcdef"), &part, 1, one);
	digest_text(SLICE("0123456789abcdeF"), &part, 1, two);
	assert_string_not_equal(one, two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_parts_give_the_same_name),
		cmocka_unit_test(parts_do_not_run_together),
		cmocka_unit_test(another_key_gives_another_name),
	};

	return cmocka_run_group_tests_name("core/digest", tests, NULL, NULL);
}
