#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "lmtpd/front/attempts.h"

enum { BEGIN = 1764000000, LATER = BEGIN + 3600 };

static const struct slice first = { "first", 5 };
static const struct slice second = { "second", 6 };

static int
begin(void **state)
{
	struct attempts *attempts = calloc(1, sizeof *attempts);

	attempts_init(attempts, BEGIN);
	*state = attempts;
	return 0;
}

static int
end(void **state)
{
	free(*state);
	return 0;
}

static void
the_second_attempt_is_one(void **state)
{
	assert_false(attempts_note(*state, first, LATER));
	assert_false(attempts_note(*state, second, LATER));
	assert_true(attempts_note(*state, first, LATER));
	assert_true(attempts_note(*state, second, LATER));
}

static void
what_is_done_is_forgotten(void **state)
{
	assert_false(attempts_note(*state, first, LATER));
	attempts_forget(*state, second, LATER); /* never noted: no harm */
	attempts_forget(*state, first, LATER);
	assert_false(attempts_note(*state, first, LATER));
}

static void
mail_from_before_may_have_been_tried(void **state)
{
	assert_true(attempts_note(*state, first, BEGIN - 1));
	assert_true(attempts_note(*state, first, BEGIN + ATTEMPTS_SKEW_S));
	assert_false(
	    attempts_note(*state, second, BEGIN + ATTEMPTS_SKEW_S + 1));
	assert_true(attempts_note(*state, first, -5));
}

static struct slice
nth_name(char *space, size_t size, int n)
{
	(void)snprintf(space, size, "delivery-%d", n);
	return slice_of(space);
}

/* However many are noted, no attempt is ever taken for the first one. */
static void
what_has_to_make_room_counts_as_tried(void **state)
{
	const int n = 4 * ATTEMPTS_SETS * ATTEMPTS_WAYS;
	char space[32];

	for (int i = 0; i < n; i++)
		(void)attempts_note(
		    *state, nth_name(space, sizeof space, i), LATER + i);
	for (int i = 0; i < n; i++)
		assert_true(attempts_note(
		    *state, nth_name(space, sizeof space, i), LATER + i));
	assert_false(attempts_note(*state, first, LATER + n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_second_attempt_is_one, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_done_is_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(
		    mail_from_before_may_have_been_tried, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_has_to_make_room_counts_as_tried, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
