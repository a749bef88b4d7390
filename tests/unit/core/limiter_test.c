#include "tests/unit/test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/limiter.h"

enum { PER_MINUTE = 60, NOW_MS = 1000000 };

static int
take_all(struct limiter *limiter, const char *client, long now_ms)
{
	int n = 0;

	while (n < 2 * PER_MINUTE &&
	       limiter_take(limiter, slice_of(client), now_ms))
		n++;
	return n;
}

static void
a_minute_s_worth_may_come_at_once(void **state)
{
	struct limiter *limiter = limiter_new(PER_MINUTE);

	(void)state;
	assert_int_equal(take_all(limiter, "192.0.2.1", NOW_MS), PER_MINUTE);
	assert_int_equal(take_all(limiter, "192.0.2.1", NOW_MS + 999), 0);
	assert_int_equal(take_all(limiter, "192.0.2.1", NOW_MS + 1000), 1);
	assert_int_equal(
	    take_all(limiter, "192.0.2.1", NOW_MS + 3600000), PER_MINUTE);
}

static void
a_network_shares_its_tokens(void **state)
{
	static const struct {
		const char *name, *first, *second;
		bool shared;
	} cases[] = {
		{ "a /24", "192.0.2.1", "192.0.2.254", true },
		{ "and the next", "192.0.2.1", "192.0.3.1", false },
		{ "a /56", "2001:db8:1:200::1", "2001:db8:1:2ff::2", true },
		{ "and the next", "2001:db8:1:200::1", "2001:db8:1:300::1",
		    false },
		{ "what is no address", "", "unix:", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct limiter *limiter = limiter_new(PER_MINUTE);

		CASE(cases[i].name);
		(void)take_all(limiter, cases[i].first, NOW_MS);
		assert_int_equal(take_all(limiter, cases[i].second, NOW_MS),
		    cases[i].shared ? 0 : PER_MINUTE);
	}
}

static void
processes_share_it_too(void **state)
{
	struct limiter *limiter = limiter_new(PER_MINUTE);
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		(void)take_all(limiter, "192.0.2.1", NOW_MS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(take_all(limiter, "192.0.2.1", NOW_MS), 0);
}

static void
no_limit_is_no_limit(void **state)
{
	(void)state;
	assert_null(limiter_new(0));
	assert_int_equal(take_all(NULL, "192.0.2.1", NOW_MS), 2 * PER_MINUTE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minute_s_worth_may_come_at_once),
		cmocka_unit_test(a_network_shares_its_tokens),
		cmocka_unit_test(processes_share_it_too),
		cmocka_unit_test(no_limit_is_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
