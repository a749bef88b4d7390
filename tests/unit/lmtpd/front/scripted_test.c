#include "lmtpd/front/scripted.h"

#include "tests/unit/test.h"

static void
mailboxes_are_remembered_until_they_have_none(void **state)
{
	static struct scripted scripted;

	(void)state;
	assert_false(scripted_has(&scripted, SLICE("xyz00-a")));
	scripted_note(&scripted, SLICE("xyz00-a"), true);
	assert_true(scripted_has(&scripted, SLICE("xyz00-a")));
	assert_false(scripted_has(&scripted, SLICE("xyz00-b")));
	scripted_note(&scripted, SLICE("xyz00-b"), false);
	assert_true(scripted_has(&scripted, SLICE("xyz00-a")));
	scripted_note(&scripted, SLICE("xyz00-a"), false);
	assert_false(scripted_has(&scripted, SLICE("xyz00-a")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mailboxes_are_remembered_until_they_have_none),
	};

	return cmocka_run_group_tests_name(
	    "lmtpd/front/scripted", tests, NULL, NULL);
}
