#include "tests/unit/test.h"

#include "lmtpd/front/plan.h"

#define T(text)                                                                \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static const struct slice node = T("h01.hosting.example");

struct leaf_case {
	const char *name;
	struct leaf_target target;
	int code; /* 0: a plan */
	enum plan_kind kind;
};

static const struct leaf_case leaf_cases[] = {
	{ "a mailbox is stored into",
	    { .kind = LEAF_MAILBOX,
		.code = 250,
		.mailbox = T("xyz00"),
		.node = T("h01.hosting.example") },
	    0, PLAN_STORE },
	{ "a mailbox of another machine waits",
	    { .kind = LEAF_MAILBOX,
		.code = 250,
		.mailbox = T("xyz00"),
		.node = T("h02.hosting.example") },
	    451, 0 },
	{ "a locked mailbox has its own words",
	    { .kind = LEAF_MAILBOX,
		.code = 450,
		.dsn = T("4.2.1"),
		.reply = T("locked") },
	    450, 0 },
	{ "an unknown one as well",
	    { .kind = LEAF_REJECT,
		.code = 550,
		.dsn = T("5.1.1"),
		.reply = T("unknown") },
	    550, 0 },
	{ "a forward goes on",
	    { .kind = LEAF_FORWARD, .code = 250, .address = T("a@b") }, 0,
	    PLAN_FORWARD },
	{ "a discard is done", { .kind = LEAF_DISCARD, .code = 250 }, 0,
	    PLAN_DISCARD },
	{ "an alias' program is run",
	    { .kind = LEAF_PROGRAM,
		.code = 250,
		.node = T("h01.hosting.example"),
		.program = T("|/usr/bin/x") },
	    0, PLAN_PROGRAM },
	{ "not here when its owner lives elsewhere",
	    { .kind = LEAF_PROGRAM,
		.code = 250,
		.node = T("h02.hosting.example"),
		.program = T("|/usr/bin/x") },
	    451, 0 },
	{ "an alias' file is read",
	    { .kind = LEAF_PROGRAM,
		.code = 250,
		.node = T("h01.hosting.example"),
		.program = T(":include:/members") },
	    0, PLAN_INCLUDE },
	{ "a mailbox with procmail, under either leaf",
	    { .kind = LEAF_MAILBOX,
		.code = 250,
		.mailbox = T("xyz00"),
		.node = T("h01.hosting.example"),
		.filter = T("procmail") },
	    0, PLAN_PROGRAM },
	{ "one whose owner has given procmail up",
	    { .kind = LEAF_PROGRAM,
		.code = 250,
		.mailbox = T("xyz00"),
		.node = T("h01.hosting.example"),
		.filter = T("sieve") },
	    0, PLAN_STORE },
	{ "a list waits: it has a transport of its own",
	    { .kind = LEAF_LIST, .code = 250 }, 451, 0 },
	{ "bulk mail as well", { .kind = LEAF_BULK, .code = 250 }, 451, 0 },
	{ "a code that is none is our fault",
	    { .kind = LEAF_MAILBOX, .code = 0 }, 451, 0 },
	{ "a code beyond 599 is our fault",
	    { .kind = LEAF_MAILBOX, .code = 999 }, 451, 0 },
};

static void
leaves_become_plans(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(leaf_cases); i++) {
		const struct leaf_case *c = &leaf_cases[i];
		struct why why = { 0 };
		struct plan plan;
		enum verdict verdict = plan_leaf(
		    &arena, node, SLICE("leaf"), &c->target, &plan, &why);

		CASE(c->name);
		assert_int_equal(why.code, c->code);
		assert_int_equal(verdict == MAIL_OK, c->code == 0);
		if (verdict == MAIL_OK)
			assert_int_equal(plan.kind, c->kind);
	}
	arena_done(&arena);
}

static void
a_mailbox_knows_its_address(void **state)
{
	struct leaf_target target = leaf_cases[0].target;
	struct arena arena = ARENA_INIT;
	struct plan plan;
	struct why why;

	(void)state;
	assert_int_equal(
	    plan_leaf(&arena, node, SLICE("l"), &target, &plan, &why), MAIL_OK);
	assert_slice(plan.own_address, "xyz00@h01.hosting.example");
	target.detail = SLICE("list");
	assert_int_equal(
	    plan_leaf(&arena, node, SLICE("l"), &target, &plan, &why), MAIL_OK);
	assert_slice(plan.own_address, "xyz00+list@h01.hosting.example");
	arena_done(&arena);
}

static void
an_alias_has_one_too(void **state)
{
	const struct leaf_target target = { .kind = LEAF_PROGRAM,
		.code = 250,
		.node = node,
		.program = T("|x") };
	struct arena arena = ARENA_INIT;
	struct plan plan;
	struct why why;

	(void)state;
	assert_int_equal(plan_leaf(&arena, node,
			     SLICE("xyz00-a.b.17@program.h01.hosting.example"),
			     &target, &plan, &why),
	    MAIL_OK);
	assert_slice(plan.own_address, "xyz00-a.b@h01.hosting.example");
	arena_done(&arena);
}

static void
addresses_that_nobody_expanded(void **state)
{
	static struct leaf mailbox = { .kind = LEAF_MAILBOX,
		.code = 250,
		.queue_recipient = T("m@mbox.h") };
	static struct leaf bad = { .kind = LEAF_REJECT,
		.code = 550,
		.dsn = T("5.1.1"),
		.reply = T("unknown") };
	static struct leaf discard = { .kind = LEAF_DISCARD, .code = 250 };
	static struct leaf elsewhere = {
		.kind = LEAF_EXTERNAL, .code = 250, .queue_recipient = T("a@b")
	};
	struct leaf two[] = { mailbox, bad };
	struct answer answer = { &mailbox, 1, false };
	struct plan plan;
	struct why why;

	(void)state;
	assert_int_equal(
	    plan_answer(SLICE("a@b"), &answer, &plan, &why), MAIL_OK);
	assert_int_equal(plan.kind, PLAN_ASK_LEAF);
	assert_slice(plan.leaf, "m@mbox.h");

	answer = (struct answer){ two, 2, false };
	assert_int_equal(
	    plan_answer(SLICE("a@b"), &answer, &plan, &why), MAIL_OK);
	assert_int_equal(plan.kind, PLAN_EXPAND);
	assert_slice(plan.leaf, "a@b");

	answer = (struct answer){ &bad, 1, false };
	assert_int_equal(
	    plan_answer(SLICE("a@b"), &answer, &plan, &why), MAIL_PERMFAIL);
	assert_int_equal(why.code, 550);

	answer = (struct answer){ &discard, 1, false };
	assert_int_equal(
	    plan_answer(SLICE("a@b"), &answer, &plan, &why), MAIL_OK);
	assert_int_equal(plan.kind, PLAN_DISCARD);

	answer = (struct answer){ &elsewhere, 1, false };
	assert_int_equal(
	    plan_answer(SLICE("a@b"), &answer, &plan, &why), MAIL_TEMPFAIL);
	assert_string_equal(why.dsn, "4.3.5");
	assert_int_equal(
	    plan_answer(SLICE("info@c"), &answer, &plan, &why), MAIL_OK);
	assert_int_equal(plan.kind, PLAN_EXPAND);

	answer = (struct answer){ NULL, 0, false };
	assert_int_equal(
	    plan_answer(SLICE("a@b"), &answer, &plan, &why), MAIL_TEMPFAIL);
}

static void
messages_may_speak_against_it(void **state)
{
	static const struct {
		const char *name;
		struct plan plan;
		struct plan_message message;
		int code;
		const char *dsn;
	} cases[] = {
		{ "nothing does",
		    { .kind = PLAN_STORE, .own_address = T("m@h") },
		    { T("Delivered-To: n@h\n"), 3, 100 }, 0, "" },
		{ "it was there before",
		    { .kind = PLAN_STORE, .own_address = T("m@h") },
		    { T("Delivered-To: M@h\n"), 3, 100 }, 554, "5.4.6" },
		{ "a field of another name says nothing",
		    { .kind = PLAN_STORE, .own_address = T("m@h") },
		    { T("X-Delivered-To: m@h\n"), 3, 100 }, 0, "" },
		{ "the last server it may pass",
		    { .kind = PLAN_STORE, .own_address = T("m@h") },
		    { T(""), PLAN_HOPS_MAX, 100 }, 0, "" },
		{ "one more is a loop",
		    { .kind = PLAN_STORE, .own_address = T("m@h") },
		    { T(""), PLAN_HOPS_MAX + 1, 100 }, 554, "5.4.6" },
		{ "a forward that comes round",
		    { .kind = PLAN_FORWARD, .forwarder = T("info@b") },
		    { T("Delivered-To: info@b\n"), 3, 100 }, 554, "5.4.6" },
		{ "just as large as allowed",
		    { .kind = PLAN_STORE,
			.own_address = T("m@h"),
			.size_limit = 100 },
		    { T(""), 3, 100 }, 0, "" },
		{ "too large for this one",
		    { .kind = PLAN_STORE,
			.own_address = T("m@h"),
			.size_limit = 100 },
		    { T(""), 3, 101 }, 552, "5.3.4" },
		{ "what is discarded may be anything",
		    { .kind = PLAN_DISCARD, .size_limit = 1 },
		    { T(""), 99, 100 }, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct why why = { 0 };

		CASE(cases[i].name);
		(void)plan_check(&cases[i].plan, &cases[i].message, &why);
		assert_int_equal(why.code, cases[i].code);
		assert_string_equal(why.dsn, cases[i].dsn);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_become_plans),
		cmocka_unit_test(a_mailbox_knows_its_address),
		cmocka_unit_test(an_alias_has_one_too),
		cmocka_unit_test(addresses_that_nobody_expanded),
		cmocka_unit_test(messages_may_speak_against_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
