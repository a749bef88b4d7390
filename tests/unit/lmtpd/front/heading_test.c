#include "tests/unit/test.h"

#include "lmtpd/front/heading.h"

static const struct heading sample = {
	.sender = { "a@example.net", 13 },
	.peer = { "mx.example", 10 },
	.node = { "h01.hosting.example", 19 },
	.queue_id = { "4F1A", 4 },
	.arrival = 1764000000,
};

static void
final_delivery_says_who_and_when(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_slice(heading_final(&arena, &sample,
			 SLICE("xyz00-abc+list@h01.hosting.example"),
			 SLICE("info+list@example.org")),
	    "Return-Path: <a@example.net>\n"
	    "X-Original-To: info+list@example.org\n"
	    "Delivered-To: xyz00-abc+list@h01.hosting.example\n"
	    "Received: from mx.example\n"
	    "\tby h01.hosting.example (Hauspost) with LMTP id 4F1A\n"
	    "\tfor <info+list@example.org>; "
	    "Mon, 24 Nov 2025 16:00:00 +0000\n");
	arena_done(&arena);
}

static void
the_null_sender_and_smtputf8_show(void **state)
{
	struct heading heading = sample;
	struct arena arena = ARENA_INIT;

	(void)state;
	heading.sender.n = 0;
	heading.queue_id.n = 0;
	heading.utf8 = true;
	assert_slice(
	    heading_final(&arena, &heading, SLICE("m@h"), SLICE("\xc3\xa4@b")),
	    "Return-Path: <>\n"
	    "X-Original-To: \xc3\xa4@b\n"
	    "Delivered-To: m@h\n"
	    "Received: from mx.example\n"
	    "\tby h01.hosting.example (Hauspost) with UTF8LMTP\n"
	    "\tfor <\xc3\xa4@b>; Mon, 24 Nov 2025 16:00:00 +0000\n");
	arena_done(&arena);
}

static void
what_goes_on_has_no_return_path(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_slice(heading_onward(&arena, &sample, SLICE("info@example.org"),
			 SLICE("info@example.org")),
	    "Delivered-To: info@example.org\n"
	    "Received: from mx.example\n"
	    "\tby h01.hosting.example (Hauspost) with LMTP id 4F1A\n"
	    "\tfor <info@example.org>; Mon, 24 Nov 2025 16:00:00 +0000\n");
	arena_done(&arena);
}

static void
data_never_becomes_a_field(void **state)
{
	struct heading heading = sample;
	struct arena arena = ARENA_INIT;
	struct slice text;

	(void)state;
	heading.sender = SLICE("\"a\r\nX-Evil: 1\"@b");
	heading.peer = SLICE("a\nX-Evil: 2");
	text = heading_final(&arena, &heading, SLICE("c\rX-Evil: 3"),
	    SLICE("d\0\x7f\nX-Evil: 4"));
	assert_false(heading_has(text, SLICE("X-Evil"), SLICE("1")));
	assert_false(heading_has(text, SLICE("X-Evil"), SLICE("2")));
	assert_true(
	    heading_has(text, SLICE("Delivered-To"), SLICE("c?X-Evil: 3")));
	assert_true(
	    heading_has(text, SLICE("X-Original-To"), SLICE("d???X-Evil: 4")));
	arena_done(&arena);
}

static void
arrival_is_what_postfix_wrote(void **state)
{
	static const struct {
		const char *name, *header;
		time_t arrival; /* 0: none is found */
	} cases[] = {
		{ "smtpd's field",
		    "Received: from a (b [192.0.2.1])\n"
		    "\tby h01 (Postfix) with ESMTP id 4F1A\n"
		    "\tfor <x@y>; Mon, 24 Nov 2025 17:00:00 +0100 (CET)\n",
		    1764000000 },
		{ "pickup's field",
		    "Received: by h01 (Postfix, from userid 0)\n"
		    "\tid 4F1A; Mon, 24 Nov 2025 16:00:00 +0000 (UTC)\n",
		    1764000000 },
		{ "the field of another server does not count",
		    "Received: by x id 4F1B; Mon, 24 Nov 2025 17:00:00 "
		    "+0000\nReceived: by h01 id 4F1A; Mon, 24 Nov 2025 "
		    "16:00:00 +0000\n",
		    1764000000 },
		{ "the id as part of another word does not count",
		    "Received: by x id 4F1AB; Mon, 24 Nov 2025 16:00:00 "
		    "+0000\n",
		    0 },
		{ "the id without \"id\" does not count",
		    "Received: by 4F1A; Mon, 24 Nov 2025 16:00:00 +0000\n", 0 },
		{ "a date that is none", "Received: by x id 4F1A; yesterday\n",
		    0 },
		{ "a date before 1970",
		    "Received: by x id 4F1A; Mon, 24 Nov 1965 16:00:00 "
		    "+0000\n",
		    0 },
		{ "no date", "Received: by x id 4F1A\n", 0 },
		{ "no header", "\nReceived: by x id 4F1A\n", 0 },
	};
	time_t arrival;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		arrival = 0;
		assert_int_equal(heading_arrival(slice_of(cases[i].header),
				     SLICE("4F1A"), &arrival),
		    cases[i].arrival != 0);
		if (cases[i].arrival != 0)
			assert_int_equal(arrival, cases[i].arrival);
	}
	assert_int_equal(
	    heading_arrival(slice_of(cases[0].header), SLICE(""), &arrival), 0);
}

static void
mail_that_came_by_no_connection_has_its_queue_id(void **state)
{
	static const struct {
		const char *name, *header, *id;
	} cases[] = {
		{ "the sendmail command",
		    "Received: by h01.example (Postfix, from userid 0)\n"
		    "\tid 4F1A; Mon, 24 Nov 2025 16:00:00 +0000 (UTC)\n",
		    "4F1A" },
		{ "a bounce of Postfix' own",
		    "Received: by h01.example (Postfix)\n"
		    "\tid 4F1A; Mon, 24 Nov 2025 16:00:00 +0000 (UTC)\n",
		    "4F1A" },
		{ "another machine's Postfix",
		    "Received: by h02.example (Postfix)\n"
		    "\tid 4F1A; Mon, 24 Nov 2025 16:00:00 +0000 (UTC)\n",
		    "" },
		{ "another program of ours",
		    "Received: by h01.example (Hauspost) with LMTP id 4F1A\n",
		    "" },
		{ "a field further down is a stranger's text",
		    "Subject: x\nReceived: by h01.example (Postfix)\n"
		    "\tid 4F1A; Mon, 24 Nov 2025 16:00:00 +0000 (UTC)\n",
		    "" },
		{ "it ends before the id",
		    "Received: by h01.example (Postfix) id\n", "" },
		{ "no header", "\nReceived: by h01.example (Postfix) id 1\n",
		    "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice id = heading_queue_id(
		    slice_of(cases[i].header), SLICE("h01.example"));

		CASE(cases[i].name);
		assert_true(slice_eq(id, slice_of(cases[i].id)));
	}
}

static void
hops_are_received_fields(void **state)
{
	(void)state;
	assert_int_equal(
	    heading_hops(SLICE("Received: a\nX: b\nRECEIVED: c\n d\n\n"
			       "Received: body\n")),
	    2);
	assert_int_equal(heading_hops(SLICE("")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(final_delivery_says_who_and_when),
		cmocka_unit_test(the_null_sender_and_smtputf8_show),
		cmocka_unit_test(what_goes_on_has_no_return_path),
		cmocka_unit_test(data_never_becomes_a_field),
		cmocka_unit_test(arrival_is_what_postfix_wrote),
		cmocka_unit_test(
		    mail_that_came_by_no_connection_has_its_queue_id),
		cmocka_unit_test(hops_are_received_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
