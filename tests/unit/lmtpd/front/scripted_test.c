#include "lmtpd/front/scripted.h"

#include <stdio.h>

#include "tests/unit/test.h"

static struct scripted scripted;

static void
note(const char *mailbox, uint64_t inode)
{
	const struct store_script script = { .inode = inode };

	scripted_note(&scripted, slice_of(mailbox), &script);
}

static uint64_t
last(const char *mailbox)
{
	return scripted_last(&scripted, slice_of(mailbox)).inode;
}

static void
the_last_script_is_remembered_until_there_is_none(void **state)
{
	(void)state;
	assert_int_equal(last("xyz00-a"), 0);
	note("xyz00-a", 5);
	assert_int_equal(last("xyz00-a"), 5);
	assert_int_equal(last("xyz00-b"), 0);
	note("xyz00-b", 0);
	assert_int_equal(last("xyz00-a"), 5);
	note("xyz00-a", 6);
	assert_int_equal(last("xyz00-a"), 6);
	note("xyz00-a", 0);
	assert_int_equal(last("xyz00-a"), 0);
}

static void
no_mailbox_has_the_script_of_another(void **state)
{
	char name[32];

	(void)state;
	for (uint64_t i = 1; i <= 3 * SCRIPTED_SLOTS; i++) {
		(void)snprintf(name, sizeof name, "xyz00-%d", (int)i);
		note(name, i);
		assert_int_equal(last(name), i);
	}
	for (uint64_t i = 1; i <= 3 * SCRIPTED_SLOTS; i++) {
		(void)snprintf(name, sizeof name, "xyz00-%d", (int)i);
		assert_true(last(name) == 0 || last(name) == i);
	}
}

static int
begin(void **state)
{
	(void)state;
	scripted_init(&scripted);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	scripted_done(&scripted);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_last_script_is_remembered_until_there_is_none),
		cmocka_unit_test(no_mailbox_has_the_script_of_another),
	};

	return cmocka_run_group_tests_name(
	    "lmtpd/front/scripted", tests, begin, end);
}
