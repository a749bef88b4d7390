#include "core/smtp_reply.h"

#include "tests/unit/test.h"

static void
a_queue_id_is_what_postfix_says_behind_queued_as(void **state)
{
	static const struct {
		const char *name, *reply, *id;
	} cases[] = {
		{ "a short one", "Ok: queued as 7F2A9C0123", "7F2A9C0123" },
		{ "a long one", "Ok: queued as 4YxXyZ1bTdzBrH2",
		    "4YxXyZ1bTdzBrH2" },
		{ "another server's words", "Message accepted", "" },
		{ "more behind it", "queued as ABC (thanks)", "" },
		{ "nothing behind it", "Ok: queued as ", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_slice(
		    smtp_reply_queue_id(slice_of(cases[i].reply)), cases[i].id);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_queue_id_is_what_postfix_says_behind_queued_as),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
