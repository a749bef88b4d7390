#include "tests/unit/test.h"

#include "listmgr/report.h"

#define REPORT(fields)                                                         \
	"Content-Type: multipart/report; report-type=delivery-status;\n"       \
	" boundary=\"x\"\nSubject: Undelivered Mail\n\n"                       \
	"--x\n\nStatus: 5.1.1\nFinal-Recipient: rfc822; a@said.so\n\n"         \
	"--x\nContent-Type: message/delivery-status\n\n"                       \
	"Reporting-MTA: dns; mx.example\n\n" fields                            \
	"\n--x\nContent-Type: message/rfc822\n\nSubject: x\n\n--x--\n"
#define FAILED "Final-Recipient: rfc822; a@b.example\nAction: failed\n"

static const struct test_case {
	const char *name, *message;
	enum report_kind kind;
	const char *status, *diagnostic;
	bool has_sender;
	unsigned long long post_bytes;
} cases[] = {
	{ "no such user",
	    REPORT(FAILED "Status: 5.1.1\n"
			  "Diagnostic-Code: smtp; 550 5.1.1 no\n  such user\n"),
	    REPORT_HARD, "5.1.1", "550 5.1.1 no   such user", false, 0 },
	{ "a comment behind the status", REPORT(FAILED "Status: 5.1.10 (x)\n"),
	    REPORT_HARD, "5.1.10", "", false, 0 },
	{ "fields in any case",
	    REPORT("FINAL-RECIPIENT: rfc822;a@b\naction: FAILED\n"
		   "STATUS: 5.4.4\n"),
	    REPORT_HARD, "5.4.4", "", false, 0 },
	{ "a full mailbox", REPORT(FAILED "Status: 5.2.2\n"), REPORT_SOFT,
	    "5.2.2", "", false, 0 },
	{ "given up after days", REPORT(FAILED "Status: 4.4.7\n"), REPORT_SOFT,
	    "4.4.7", "", false, 0 },
	{ "too large, and it was", REPORT(FAILED "Status: 5.2.3\n"),
	    REPORT_SIZE, "5.2.3", "", false, 2000000 },
	{ "too large, but it was not", REPORT(FAILED "Status: 5.3.4\n"),
	    REPORT_SOFT, "5.3.4", "", false, 2000 },
	{ "a policy", REPORT(FAILED "Status: 5.7.26\n"), REPORT_POLICY,
	    "5.7.26", "", false, 0 },
	{ "content that it could not read", REPORT(FAILED "Status: 5.6.0\n"),
	    REPORT_POLICY, "5.6.0", "", false, 0 },
	{ "another failure", REPORT(FAILED "Status: 5.3.0\n"), REPORT_SOFT,
	    "5.3.0", "", false, 0 },
	{ "delayed is no failure",
	    REPORT("Final-Recipient: rfc822; a@b\nAction: delayed\n"
		   "Status: 4.4.1\n"),
	    REPORT_NOTICE, "4.4.1", "", false, 0 },
	{ "nor is delivered",
	    REPORT("Final-Recipient: rfc822; a@b\nAction: delivered\n"
		   "Status: 2.0.0\n"),
	    REPORT_NOTICE, "2.0.0", "", false, 0 },
	{ "5.0.0 knows less than the words",
	    REPORT(FAILED "Status: 5.0.0\n"
			  "Diagnostic-Code: smtp; 550-[192.0.5.1.1] is "
			  "5.1.1.9: 5.1.1 gone\n"),
	    REPORT_HARD, "5.1.1", "550-[192.0.5.1.1] is 5.1.1.9: 5.1.1 gone",
	    false, 0 },
	{ "no status but a code",
	    REPORT(FAILED "Diagnostic-Code: smtp; 550 gone\n"), REPORT_SOFT,
	    "5.0.0", "550 gone", false, 0 },
	{ "no status and no words", REPORT(FAILED), REPORT_SOFT, "", "", false,
	    0 },
	{ "a status that is none", REPORT(FAILED "Status: 5.1.1000\n"),
	    REPORT_SOFT, "", "", false, 0 },
	{ "the worst of several",
	    REPORT("Final-Recipient: a@b\nAction: delayed\nStatus: "
		   "4.4.1\n\n" FAILED "Status: 5.1.1\n\n" FAILED
		   "Status: 5.2.2\n"),
	    REPORT_HARD, "5.1.1", "", false, 0 },
	{ "a block that names nobody",
	    REPORT(
		"Action: failed\nStatus: 5.1.1\n\n\n" FAILED "Status: 5.2.2\n"),
	    REPORT_SOFT, "5.2.2", "", false, 0 },
	{ "words of control characters",
	    REPORT(FAILED "Status: 5.1.1\n"
			  "Diagnostic-Code: smtp; 550 \x1b[1m\xFC\n"),
	    REPORT_HARD, "5.1.1", "550  [1m\xEF\xBF\xBD", false, 0 },
	{ "one in base64, deeper inside, with CRLF",
	    "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
	    "--o\r\nContent-Type: multipart/report; boundary=i\r\n\r\n"
	    "--i\r\nContent-Type: message/global-delivery-status\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "RmluYWwtUmVjaXBpZW50OiB1dGYtODsgYUBiCkFjdGlvbjogZmFpbGVkClN0YXR1\r"
	    "\n"
	    "czogNS4xLjEK\r\n--i--\r\n--o--\r\n",
	    REPORT_HARD, "5.1.1", "", true, 0 },
	{ "one in the message that came back is not of ours",
	    "Content-Type: multipart/mixed; boundary=o\n\n"
	    "--o\nContent-Type: message/rfc822\n\n"
	    "Content-Type: message/delivery-status\n\n" FAILED
	    "Status: 5.1.1\n\n--o--\n",
	    REPORT_ANSWER, "", "", false, 0 },
	{ "a report without the part",
	    "Content-Type: multipart/report; boundary=x\n\n--x\n\nNo.\n--x--\n",
	    REPORT_SOFT, "", "", false, 0 },
	{ "somebody has read it",
	    "Content-Type: multipart/report; boundary=x;\n"
	    " report-type=disposition-notification\n\n--x\n\nRead.\n--x--\n",
	    REPORT_ANSWER, "", "", false, 0 },
	{ "qmail has a text only", "Subject: failure notice\n\nSorry.\n",
	    REPORT_SOFT, "", "", false, 0 },
	{ "a subject in encoded words",
	    "Subject: =?utf-8?q?Unzustellbar=3A_x?=\n\n", REPORT_SOFT, "", "",
	    false, 0 },
	{ "words in the body", "Subject: x\n\nMail was UNDELIVERABLE.\n",
	    REPORT_SOFT, "", "", false, 0 },
	{ "but not of a person", "Subject: failure notice\n\nSorry.\n",
	    REPORT_ANSWER, "", "", true, 0 },
	{ "a holiday", "Subject: Auto: out of office\n\nBack on Monday.\n",
	    REPORT_ANSWER, "", "", false, 0 },
	{ "nothing", "", REPORT_ANSWER, "", "", false, 0 },
};

static void
reports_are_weighed(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct test_case *c = &cases[i];
		const struct report_source source = { slice_of(c->message),
			!c->has_sender, c->post_bytes };
		struct report report;

		CASE(c->name);
		report_read(&arena, &source, &report);
		assert_string_equal(
		    report_kind_name(report.kind), report_kind_name(c->kind));
		assert_slice(report.status, c->status);
		assert_slice(report.diagnostic, c->diagnostic);
		assert_true(report.weight == (c->kind == REPORT_HARD	  ? 1.0
						 : c->kind == REPORT_SOFT ? 0.5
									  : 0));
	}
	arena_done(&arena);
}

static void
the_recipient_is_told_as_the_report_has_it(void **state)
{
	struct arena arena = ARENA_INIT;
	const struct report_source source = { .message =
						  SLICE(REPORT(FAILED)) };
	struct report report;

	(void)state;
	report_read(&arena, &source, &report);
	assert_slice(report.recipient, "a@b.example");
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_weighed),
		cmocka_unit_test(the_recipient_is_told_as_the_report_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
