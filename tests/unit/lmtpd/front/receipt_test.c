#include "tests/unit/test.h"

#include "lmtpd/front/receipt.h"

static const struct heading sample = {
	.sender = { "a@example.net", 13 },
	.node = { "h01.hosting.example", 19 },
	.queue_id = { "4F1A", 4 },
	.arrival = 1764000000,
};

static const char *
written(struct arena *arena, const struct receipt *receipt)
{
	struct slice text = receipt_write(arena, receipt);

	return arena_strndup(arena, text.p, text.n);
}

static void
a_receipt_says_what_rfc_3464_wants(void **state)
{
	static const char *const wanted[] = { "\nTo: <a@example.net>\n",
		"\nAuto-Submitted: auto-replied\n",
		"report-type=delivery-status;",
		"\nReporting-MTA: dns; h01.hosting.example\n",
		"\nOriginal-Envelope-Id: q1\n",
		"\nArrival-Date: Mon, 24 Nov 2025 16:00:00 +0000\n",
		"\nFinal-Recipient: rfc822; info@example.org\n",
		"\nAction: delivered\nStatus: 2.0.0\n", "\nSubject: hello\n" };
	const struct receipt receipt = { &sample, SLICE("info@example.org"),
		SLICE("q1"), SLICE("From: a\nSubject: hello\n") };
	struct arena arena = ARENA_INIT;
	const char *text = written(&arena, &receipt);

	(void)state;
	for (size_t i = 0; i < COUNT(wanted); i++) {
		CASE(wanted[i]);
		assert_non_null(strstr(text, wanted[i]));
	}
	arena_done(&arena);
}

static void
data_never_becomes_a_field(void **state)
{
	const struct receipt receipt = { &sample,
		SLICE("a\nBcc: x@example.org\n@b"), SLICE("q\nX: y"),
		SLICE("") };
	struct arena arena = ARENA_INIT;
	const char *text = written(&arena, &receipt);

	(void)state;
	assert_null(strstr(text, "\nBcc:"));
	assert_null(strstr(text, "\nX:"));
	arena_done(&arena);
}

static void
a_huge_header_is_cut(void **state)
{
	static char header[1 << 20];
	const struct receipt receipt = { &sample, SLICE("info@example.org"),
		SLICE(""), { header, sizeof header } };
	struct arena arena = ARENA_INIT;
	struct slice text;

	(void)state;
	(void)memset(header, 'x', sizeof header);
	text = receipt_write(&arena, &receipt);
	assert_true(text.n < 64 * 1024);
	assert_memory_equal(text.p + text.n - 3, "--\n", 3);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_receipt_says_what_rfc_3464_wants),
		cmocka_unit_test(data_never_becomes_a_field),
		cmocka_unit_test(a_huge_header_is_cut),
	};

	return cmocka_run_group_tests_name(
	    "lmtpd/front/receipt", tests, NULL, NULL);
}
