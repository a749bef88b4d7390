#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "milter/budget.h"
#include "milter/budget_source.h"

/* --- a database that a test plays ------------------------------------- */

struct fake {
	struct loan next; /* what it lends */
	int error;
	int asked, returned, forgotten;
	char returned_at[LOAN_AT_MAX];
};

static int
lend(struct fake *fake, struct loan *loan_out, struct why *why)
{
	fake->asked++;
	if (fake->error != 0)
		return why_fail(why, fake->error, "ask");
	*loan_out = fake->next;
	return 0;
}

static int
fake_borrow(void *self, const struct budget_claim *claim, struct loan *loan_out,
    struct why *why)
{
	(void)claim;
	return lend(self, loan_out, why);
}

static int
fake_meet(void *self, const struct budget_claim *claim, struct slice address,
    struct loan *loan_out, struct why *why)
{
	(void)claim, (void)address;
	return lend(self, loan_out, why);
}

static int
fake_give_back(
    void *self, const struct loan_rest *rests, size_t n, struct why *why)
{
	struct fake *fake = self;

	(void)why;
	for (size_t i = 0; i < n; i++) {
		fake->returned += rests[i].n;
		(void)snprintf(
		    fake->returned_at, LOAN_AT_MAX, "%s", rests[i].at);
	}
	return 0;
}

static int
fake_forget(void *self, struct why *why)
{
	struct fake *fake = self;

	(void)why;
	fake->forgotten++;
	return 0;
}

static struct budget *
start(struct fake *fake)
{
	const struct budget_source source = { fake, fake_borrow, fake_meet,
		fake_give_back, fake_forget };

	return budget_start_on(&source);
}

static struct loan
block(int granted)
{
	return (
	    struct loan){ .granted = granted, .lasts_ms = 60000, .at = "noon" };
}

static struct loan
nothing(bool hold)
{
	struct loan loan = { .hold = hold };

	(void)why_say(&loan.why, 450, "4.7.1", "limit is reached");
	return loan;
}

static const struct budget_claim one = { { "xyz00", 5 }, false,
	BUDGET_RECIPIENTS, 1 };
static struct why why;
static bool hold;

/* --- cases ------------------------------------------------------------ */

static void
a_block_is_spent_before_it_asks_again(void **state)
{
	struct fake fake = { .next = block(3) };
	struct budget *budget = start(&fake);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    budget_take(budget, &one, &hold, &why), MAIL_OK);
	assert_int_equal(fake.asked, 1);
	fake.next = nothing(false);
	assert_int_equal(budget_take(budget, &one, &hold, &why), MAIL_TEMPFAIL);
	assert_string_equal(why.reply, "limit is reached");
	assert_false(hold);
	budget_stop(budget);
	assert_int_equal(fake.returned, 0);
}

static void
what_was_not_sent_is_put_back_and_given_back(void **state)
{
	struct fake fake = { .next = block(5) };
	struct budget *budget = start(&fake);

	(void)state;
	(void)budget_take(budget, &one, &hold, &why);
	(void)budget_take(budget, &one, &hold, &why);
	budget_put_back(budget, &one);
	budget_stop(budget);
	assert_int_equal(fake.returned, 4);
	assert_string_equal(fake.returned_at, "noon");
}

static void
an_expired_block_is_no_use(void **state)
{
	struct fake fake = { .next = block(5) };
	struct budget *budget = start(&fake);

	(void)state;
	fake.next.lasts_ms = -1;
	(void)budget_take(budget, &one, &hold, &why);
	(void)budget_take(budget, &one, &hold, &why);
	assert_int_equal(fake.asked, 2);
	budget_stop(budget);
}

static void
a_changed_limit_is_asked_for_at_once(void **state)
{
	struct fake fake = { .next = block(LOAN_NO_LIMIT) };
	struct budget *budget = start(&fake);

	(void)state;
	for (int i = 0; i < 10; i++)
		(void)budget_take(budget, &one, &hold, &why);
	assert_int_equal(fake.asked, 1);
	budget_changed(budget);
	fake.next = nothing(false);
	assert_int_equal(budget_take(budget, &one, &hold, &why), MAIL_TEMPFAIL);
	budget_stop(budget);
	assert_int_equal(fake.returned, 0); /* nobody counts what has none */
}

static void
accounts_classes_and_counts_are_apart(void **state)
{
	const struct budget_claim claims[] = {
		one,
		{ SLICE("xyz00"), true, BUDGET_RECIPIENTS, 1 },
		{ SLICE("xyz00"), false, BUDGET_MESSAGES, 1 },
		{ SLICE("xyz0"), false, BUDGET_RECIPIENTS, 1 },
	};
	struct fake fake = { .next = block(2) };
	struct budget *budget = start(&fake);

	(void)state;
	for (int i = 0; i < 2 * (int)COUNT(claims); i++)
		(void)budget_take(
		    budget, &claims[i % (int)COUNT(claims)], &hold, &why);
	assert_int_equal(fake.asked, COUNT(claims));
	budget_stop(budget);
}

static void
a_limit_may_say_hold(void **state)
{
	struct fake fake = { .next = nothing(true) };
	struct budget *budget = start(&fake);

	(void)state;
	assert_int_equal(budget_take(budget, &one, &hold, &why), MAIL_OK);
	assert_true(hold);
	assert_string_equal(why.dsn, "4.7.1");
	budget_stop(budget);
}

static void
without_the_database_only_what_was_borrowed(void **state)
{
	struct fake fake = { .next = block(2) };
	struct budget *budget = start(&fake);

	(void)state;
	(void)budget_take(budget, &one, &hold, &why);
	fake.error = ECONNRESET;
	assert_int_equal(budget_take(budget, &one, &hold, &why), MAIL_OK);
	assert_int_equal(budget_take(budget, &one, &hold, &why), MAIL_TEMPFAIL);
	assert_int_equal(why.code, 451);
	budget_stop(budget);
}

static void
a_recipient_is_asked_for_once(void **state)
{
	const struct budget_claim fresh = { SLICE("xyz00"), false, BUDGET_NEW,
		1 };
	struct fake fake = { .next = block(1) };
	struct budget *budget = start(&fake);
	struct slice anna = SLICE("anna@world.example");
	struct slice bert = SLICE("bert@world.example");

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    budget_meet(budget, &fresh, anna, &hold, &why), MAIL_OK);
	assert_int_equal(fake.asked, 1);
	fake.next = nothing(false);
	for (int i = 0; i < 2; i++)
		assert_int_equal(budget_meet(budget, &fresh, bert, &hold, &why),
		    MAIL_TEMPFAIL);
	assert_int_equal(fake.asked, 3);
	budget_stop(budget);
}

static void
the_rate_is_of_this_minute(void **state)
{
	struct fake fake = { .next = block(10) };
	struct budget *budget = start(&fake);

	(void)state;
	assert_int_equal(budget_rate(budget, &one), 0);
	for (int i = 0; i < 4; i++)
		(void)budget_take(budget, &one, &hold, &why);
	budget_put_back(budget, &one);
	assert_int_equal(budget_rate(budget, &one), 3);
	budget_stop(budget);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_spent_before_it_asks_again),
		cmocka_unit_test(what_was_not_sent_is_put_back_and_given_back),
		cmocka_unit_test(an_expired_block_is_no_use),
		cmocka_unit_test(a_changed_limit_is_asked_for_at_once),
		cmocka_unit_test(accounts_classes_and_counts_are_apart),
		cmocka_unit_test(a_limit_may_say_hold),
		cmocka_unit_test(without_the_database_only_what_was_borrowed),
		cmocka_unit_test(a_recipient_is_asked_for_once),
		cmocka_unit_test(the_rate_is_of_this_minute),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
