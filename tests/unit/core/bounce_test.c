#include "tests/unit/test.h"

#include "core/bounce.h"

/* As Postfix writes it. */
static const char report[] =
    "This is a MIME-encapsulated message.\r\n\r\n"
    "--x\r\nContent-Description: Notification\r\n"
    "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    "Status: 5.1.1\r\nFinal-Recipient: rfc822; nobody@said.so\r\n\r\n"
    "--x\r\nContent-Description: Delivery report\r\n"
    "Content-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; h01.hosting.example\r\n"
    "Arrival-Date: Tue, 24 Nov 2026 08:00:00 +0000\r\n\r\n"
    "Final-Recipient: rfc822; gone@remote.example\r\n"
    "Original-Recipient: rfc822;away@example.org\r\n"
    "Action: failed\r\nStatus: 5.1.1\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 no\r\n    such user\r\n\r\n"
    "Final-Recipient: rfc822; full@remote.example\r\n"
    "Action: failed\r\nStatus: 5.2.2\r\n\r\n"
    "Final-Recipient: late@remote.example\r\n"
    "Action: delayed\r\nStatus: 5.1.1\r\n\r\n"
    "--x\r\nContent-Type: message/rfc822\r\n\r\n"
    "Final-Recipient: rfc822; in@the.message\r\n\r\n--x--\r\n";

static void
recipients_come_one_by_one(void **state)
{
	struct bounce_walk walk = bounce_start(slice_of(report));
	struct bounce bounce;

	(void)state;
	assert_true(bounce_next(&walk, &bounce));
	assert_slice(bounce.recipient, "gone@remote.example");
	assert_slice(bounce.status, "5.1.1");
	assert_slice(bounce.reply, "550 5.1.1 no\r\n    such user");
	assert_true(bounce_is_gone(&bounce));
	assert_true(bounce_next(&walk, &bounce));
	assert_slice(bounce.recipient, "full@remote.example");
	assert_false(bounce_is_gone(&bounce));
	assert_true(bounce_next(&walk, &bounce));
	assert_slice(bounce.recipient, "late@remote.example");
	assert_false(bounce_is_gone(&bounce));
	assert_false(bounce_next(&walk, &bounce));
}

static void
odd_reports_have_nobody_in_them(void **state)
{
	static const struct {
		const char *name, *body;
	} cases[] = {
		{ "nothing at all", "" },
		{ "an answer by a person", "On vacation.\n-- \nTim\n" },
		{ "a part without fields",
		    "--x\nContent-Type: message/delivery-status\n" },
		{ "one that ends behind the first block",
		    "--x\nContent-Type: message/delivery-status\n\n"
		    "Reporting-MTA: dns; a\n" },
		{ "fields that no part holds",
		    "\n\nFinal-Recipient: rfc822; a@b\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bounce_walk walk = bounce_start(slice_of(cases[i].body));
		struct bounce bounce;

		CASE(cases[i].name);
		assert_false(bounce_next(&walk, &bounce));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recipients_come_one_by_one),
		cmocka_unit_test(odd_reports_have_nobody_in_them),
	};

	return cmocka_run_group_tests_name("bounce", tests, NULL, NULL);
}
