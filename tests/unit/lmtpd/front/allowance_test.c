#include "lmtpd/front/allowance.h"

#include "tests/unit/test.h"

static struct allowance allowance;

static const time_t now = 1795507200;
static const struct slice abc = { "xyz00-abc", 9 }, tim = { "abc00-tim", 9 };

static void
steps_are_used_up_within_the_hour(void **state)
{
	(void)state;
	assert_int_equal(allowance_left(&allowance, abc, now), ALLOWANCE_STEPS);
	allowance_use(&allowance, abc, now, 150000);
	assert_int_equal(allowance_left(&allowance, abc, now + 60), 50000);
	allowance_use(&allowance, abc, now + 60, 60000);
	assert_int_equal(allowance_left(&allowance, abc, now + 120), 0);
	for (int i = 0; i < 1000; i++) /* never so many that they are few */
		allowance_use(&allowance, abc, now + 120, 20000);
	assert_int_equal(allowance_left(&allowance, abc, now + 120), 0);
}

static void
others_have_their_own_and_so_has_the_next_hour(void **state)
{
	(void)state;
	assert_int_equal(allowance_left(&allowance, tim, now), ALLOWANCE_STEPS);
	assert_int_equal(
	    allowance_left(&allowance, abc, now + 3600), ALLOWANCE_STEPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_used_up_within_the_hour),
		cmocka_unit_test(
		    others_have_their_own_and_so_has_the_next_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
