#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "milter/policy.h"

#define NODE "h01.example"

/* --- leaves to choose from -------------------------------------------- */

static struct leaf
mailbox(const char *name)
{
	static char texts[16][64];
	static int next;
	char *text = texts[next++ % 16];

	(void)snprintf(text, sizeof *texts, "%s@mbox." NODE, name);
	return (struct leaf){ .kind = LEAF_MAILBOX,
		.queue_recipient = slice_of(text),
		.mailbox = slice_of(name),
		.package = SLICE("xyz00"),
		.code = 250,
		.dsn = SLICE("2.1.5"),
		.reply = SLICE("ok") };
}

static struct leaf
small(const char *name, int64_t size_limit)
{
	struct leaf leaf = mailbox(name);

	leaf.size_limit = size_limit;
	return leaf;
}

static struct leaf
locked(const char *name)
{
	struct leaf leaf = mailbox(name);

	leaf.code = 450;
	leaf.dsn = SLICE("4.2.1");
	leaf.reply = SLICE("mailbox is locked");
	return leaf;
}

static struct leaf
unknown(void)
{
	return (struct leaf){ .kind = LEAF_REJECT,
		.code = 550,
		.dsn = SLICE("5.1.1"),
		.reply = SLICE("no such address here") };
}

static struct leaf
discard(void)
{
	return (struct leaf){ .kind = LEAF_DISCARD,
		.code = 250,
		.dsn = SLICE("2.1.5"),
		.reply = SLICE("ok") };
}

static struct leaf
external(const char *address)
{
	return (struct leaf){ .kind = LEAF_EXTERNAL,
		.queue_recipient = slice_of(address),
		.code = 250,
		.dsn = SLICE("2.1.5"),
		.reply = SLICE("ok") };
}

static struct leaf
forwarded(const char *address, const char *srs, const char *forwarder)
{
	struct leaf leaf = external(address);

	leaf.srs_recipient = slice_of(srs);
	leaf.forwarder = slice_of(forwarder);
	return leaf;
}

/* --- a message -------------------------------------------------------- */

enum { RCPTS = 4, LEAVES = 4 };

struct message {
	struct arena arena;
	struct envelope envelope;
	struct rcpt rcpts[RCPTS];
	struct leaf leaves[RCPTS][LEAVES];
	struct slice delivered_to[2];
	struct plan plan;
	struct why why;
};

static void
begin(struct message *m)
{
	*m = (struct message){ .envelope = { .class = CLASS_INBOUND,
				   .node = NODE,
				   .rcpts = m->rcpts,
				   .size_bytes = 1000,
				   .delivered_to = m->delivered_to } };
}

static struct rcpt *
to(struct message *m, const char *address)
{
	struct rcpt *rcpt = &m->rcpts[m->envelope.n_rcpts];

	*rcpt = (struct rcpt){
		.given = slice_of(arena_printf(&m->arena, "<%s>", address)),
		.address = slice_of(address),
		.leaves = m->leaves[m->envelope.n_rcpts],
		.why = { .verdict = MAIL_OK, .code = 250, .dsn = "2.1.5" },
	};
	m->envelope.n_rcpts++;
	return rcpt;
}

static void
leads_to(struct rcpt *rcpt, struct leaf leaf)
{
	rcpt->leaves[rcpt->n_leaves++] = leaf;
}

static enum verdict
plan(struct message *m)
{
	return policy_plan(&m->arena, &m->envelope, &m->plan, &m->why);
}

/* Each fate, recipient and parameters in one line, as a table has them. */
static const char *
told(struct message *m)
{
	static const char *const names[] = {
		[FATE_QUEUED] = "queue",
		[FATE_UNCHANGED] = "leave",
		[FATE_DROPPED] = "drop",
		[FATE_REJECTED] = "reject",
		[FATE_DISCARDED] = "discard",
		[FATE_DUPLICATE] = "duplicate",
	};
	const char *all = "";

	for (size_t i = 0; i < m->plan.n_leaves; i++) {
		const struct plan_leaf *leaf = &m->plan.leaves[i];
		bool added =
		    leaf->fate == FATE_QUEUED || leaf->fate == FATE_REJECTED;

		all = arena_printf(&m->arena, "%s%s%s%s%s%s%s", all,
		    i > 0 ? "; " : "", names[leaf->fate], added ? " " : "",
		    added ? leaf->recipient.p : "", added ? " " : "",
		    added ? leaf->parameters : "");
	}
	return all;
}

static void
expect(struct message *m, enum verdict verdict, const char *want)
{
	assert_int_equal(plan(m), verdict);
	assert_string_equal(told(m), want);
}

static void
end(struct message *m)
{
	arena_done(&m->arena);
}

/* --- cases ------------------------------------------------------------ */

static void
a_recipient_becomes_its_leaves(struct message *m)
{
	struct rcpt *rcpt = to(m, "info+x@example.org");

	rcpt->notify = SLICE("NEVER");
	rcpt->orcpt = SLICE("rfc822;forged@example.net");
	leads_to(rcpt, mailbox("xyz00-a"));
	leads_to(rcpt, mailbox("xyz00-b"));
	expect(m, MAIL_OK,
	    "queue xyz00-a@mbox." NODE
	    " ORCPT=rfc822;info+2Bx@example.org NOTIFY=NEVER; "
	    "queue xyz00-b@mbox." NODE
	    " ORCPT=rfc822;info+2Bx@example.org NOTIFY=NEVER");
	assert_int_equal(m->plan.n_remove, 1);
	assert_slice(m->plan.remove[0], "<info+x@example.org>");
	assert_int_equal(m->plan.delivered_to.n, 0);
	assert_false(m->plan.discard);
}

static void
a_mailbox_reached_twice_gets_one_copy_and_the_first_original(struct message *m)
{
	leads_to(to(m, "a@example.org"), mailbox("xyz00-a"));
	leads_to(to(m, "b@example.org"), mailbox("XYZ00-A"));
	expect(m, MAIL_OK,
	    "queue xyz00-a@mbox." NODE
	    " ORCPT=rfc822;a@example.org; duplicate");
	assert_int_equal(m->plan.n_remove, 2);
}

static void
a_bad_leaf_beside_a_good_one_is_dropped(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@example.org");

	leads_to(rcpt, unknown());
	leads_to(rcpt, mailbox("xyz00-a"));
	expect(m, MAIL_OK,
	    "drop; queue xyz00-a@mbox." NODE " ORCPT=rfc822;a@example.org");
}

static void
a_leaf_that_waits_is_queued_beside_a_good_one(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@example.org");

	leads_to(rcpt, locked("xyz00-l"));
	leads_to(rcpt, mailbox("xyz00-a"));
	expect(m, MAIL_OK,
	    "queue xyz00-l@mbox." NODE " ORCPT=rfc822;a@example.org; "
	    "queue xyz00-a@mbox." NODE " ORCPT=rfc822;a@example.org");
}

static void
discarded_mail_leaves_nothing(struct message *m)
{
	leads_to(to(m, "drop@example.org"), discard());
	expect(m, MAIL_OK, "discard");
	assert_true(m->plan.discard);
}

static void
too_large_for_all_is_refused(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@example.org");

	leads_to(rcpt, small("xyz00-a", 999));
	leads_to(rcpt, small("xyz00-b", 10));
	assert_int_equal(plan(m), MAIL_PERMFAIL);
	assert_int_equal(m->why.code, 552);
	assert_string_equal(m->why.dsn, "5.3.4");
	assert_string_equal(m->why.reply,
	    "message of 1000 octets is too large, this address takes 999");
}

static void
too_large_for_one_leaf_drops_it(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@example.org");

	leads_to(rcpt, small("xyz00-a", 999));
	leads_to(rcpt, small("xyz00-b", 1000));
	expect(m, MAIL_OK,
	    "drop; queue xyz00-b@mbox." NODE " ORCPT=rfc822;a@example.org");
}

static void
too_large_for_one_recipient_bounces_for_it(struct message *m)
{
	leads_to(to(m, "a.b@example.org"), small("xyz00-a", 999));
	leads_to(to(m, "c@example.org"), mailbox("xyz00-c"));
	expect(m, MAIL_OK,
	    "reject 5.3.4=a=2Eb=example.org@reject." NODE
	    " ORCPT=rfc822;a.b@example.org; "
	    "queue xyz00-c@mbox." NODE " ORCPT=rfc822;c@example.org");
}

static void
mail_of_users_to_the_world_is_left_alone(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@elsewhere.example");

	rcpt->orcpt = SLICE("rfc822;his@own.example");
	leads_to(rcpt, external("a@elsewhere.example"));
	expect(m, MAIL_OK, "leave");
	assert_int_equal(m->plan.n_remove, 0);
}

static void
a_forward_goes_straight_out_with_a_mark(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@example.org");

	rcpt->orcpt = SLICE("rfc822;list@world.example");
	leads_to(rcpt, forwarded("x@else.example",
			   "S=x=else.example@forward." NODE, "a@example.org"));
	leads_to(rcpt, forwarded("y@else.example",
			   "S=y=else.example@forward." NODE, "a@example.org"));
	expect(m, MAIL_OK,
	    "queue x@else.example ORCPT=rfc822;list@world.example; "
	    "queue y@else.example ORCPT=rfc822;list@world.example");
	assert_slice(m->plan.delivered_to, "a@example.org");
}

static void
a_forward_beside_a_mailbox_takes_the_second_pass(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@example.org");

	rcpt->orcpt = SLICE("rfc822;list@world.example");
	leads_to(rcpt, forwarded("x@else.example",
			   "S=x=else.example@forward." NODE, "a@example.org"));
	leads_to(rcpt, mailbox("xyz00-a"));
	expect(m, MAIL_OK,
	    "queue S=x=else.example@forward." NODE
	    " ORCPT=rfc822;a@example.org; "
	    "queue xyz00-a@mbox." NODE " ORCPT=rfc822;a@example.org");
	assert_int_equal(m->plan.delivered_to.n, 0);
}

/* Nobody could tell the keys, and nobody is on the line to repeat it. */
static void
without_keys_a_forward_waits_at_lmtpd(struct message *m)
{
	m->envelope.one_by_one = true;
	leads_to(to(m, "a@example.org"),
	    forwarded("x@else.example", "S=x=else.example@forward." NODE,
		"a@example.org"));
	expect(m, MAIL_OK,
	    "queue S=x=else.example@forward." NODE
	    " ORCPT=rfc822;a@example.org");
	assert_int_equal(m->plan.delivered_to.n, 0);
}

static void
flagged_mail_makes_no_reports(struct message *m)
{
	m->envelope.is_spam = true;
	leads_to(to(m, "nobody@example.org"), unknown());
	leads_to(to(m, "a@example.org"), mailbox("xyz00-a"));
	expect(m, MAIL_OK,
	    "drop; "
	    "queue xyz00-a@mbox." NODE " ORCPT=rfc822;a@example.org");
}

static void
two_forwarders_are_not_told_of_each_other(struct message *m)
{
	leads_to(to(m, "a@example.org"),
	    forwarded("x@else.example", "S=x=else.example@forward." NODE,
		"a@example.org"));
	leads_to(to(m, "b@example.org"),
	    forwarded("y@else.example", "S=y=else.example@forward." NODE,
		"b@example.org"));
	expect(m, MAIL_OK,
	    "queue S=x=else.example@forward." NODE
	    " ORCPT=rfc822;a@example.org; "
	    "queue S=y=else.example@forward." NODE
	    " ORCPT=rfc822;b@example.org");
	assert_int_equal(m->plan.delivered_to.n, 0);
}

static void
a_forward_beside_a_stranger_takes_the_second_pass(struct message *m)
{
	leads_to(to(m, "a@example.org"),
	    forwarded("x@else.example", "S=x=else.example@forward." NODE,
		"a@example.org"));
	leads_to(to(m, "b@elsewhere.example"), external("b@elsewhere.example"));
	expect(m, MAIL_OK,
	    "queue S=x=else.example@forward." NODE
	    " ORCPT=rfc822;a@example.org; leave");
}

static void
mail_that_was_forwarded_from_here_is_a_loop(struct message *m)
{
	leads_to(to(m, "a@example.org"),
	    forwarded("x@else.example", "S=x=else.example@forward." NODE,
		"a@example.org"));
	m->delivered_to[0] = SLICE("A@example.org");
	m->envelope.n_delivered_to = 1;
	assert_int_equal(plan(m), MAIL_PERMFAIL);
	assert_string_equal(m->why.dsn, "5.4.6");
	assert_int_equal(m->plan.delivered_to.n, 0);
}

static void
what_another_address_forwarded_is_no_loop(struct message *m)
{
	leads_to(to(m, "a@example.org"),
	    forwarded("x@else.example", "S=x=else.example@forward." NODE,
		"a@example.org"));
	m->delivered_to[0] = SLICE("aa@example.org");
	m->envelope.n_delivered_to = 1;
	assert_int_equal(plan(m), MAIL_OK);
}

static void
fifty_hops_pass_and_fifty_one_are_a_loop(struct message *m)
{
	leads_to(to(m, "a@example.org"), mailbox("xyz00-a"));
	m->envelope.received = 50;
	assert_int_equal(plan(m), MAIL_OK);
	m->envelope.received = 51;
	assert_int_equal(plan(m), MAIL_PERMFAIL);
	assert_string_equal(m->why.dsn, "5.4.6");
}

static void
an_address_spelled_by_the_client_wins_over_a_leaf(struct message *m)
{
	leads_to(to(m, "a@example.org"),
	    forwarded("x@else.example", "", "a@example.org"));
	leads_to(to(m, "X@else.example"), external("x@else.example"));
	m->rcpts[1].address = SLICE("x@else.example");
	expect(m, MAIL_OK, "duplicate; leave");
}

static void
local_mail_is_never_refused(struct message *m)
{
	m->envelope.class = CLASS_LOCAL;
	leads_to(to(m, "no'such@example.org"), unknown());
	expect(m, MAIL_OK,
	    "reject 5.1.1=no=27such=example.org@reject." NODE
	    " ORCPT=rfc822;no'such@example.org");
}

static void
local_mail_to_a_locked_mailbox_waits(struct message *m)
{
	m->envelope.class = CLASS_LOCAL;
	leads_to(to(m, "a@example.org"), locked("xyz00-l"));
	expect(m, MAIL_OK,
	    "queue xyz00-l@mbox." NODE " ORCPT=rfc822;a@example.org");
}

static void
local_mail_to_a_bare_name_is_taken_out_as_it_was_written(struct message *m)
{
	m->envelope.class = CLASS_LOCAL;
	leads_to(to(m, "xyz00-a@" NODE), mailbox("xyz00-a"));
	assert_int_equal(plan(m), MAIL_OK);
	assert_int_equal(m->plan.n_remove, 2);
	assert_slice(m->plan.remove[0], "<xyz00-a@" NODE ">");
	assert_slice(m->plan.remove[1], "xyz00-a");
}

static void
local_mail_with_too_many_hops_bounces(struct message *m)
{
	m->envelope.class = CLASS_LOCAL;
	m->envelope.received = 51;
	leads_to(to(m, "a@example.org"), mailbox("xyz00-a"));
	expect(m, MAIL_OK,
	    "reject 5.4.6=a=example.org@reject." NODE
	    " ORCPT=rfc822;a@example.org");
}

static void
local_mail_to_no_address_bounces(struct message *m)
{
	struct rcpt *rcpt;

	m->envelope.class = CLASS_LOCAL;
	rcpt = to(m, "a b");
	(void)why_say(&rcpt->why, 553, "5.1.3", "not an address");
	expect(m, MAIL_OK,
	    "reject 5.1.3=a=20b=invalid@reject." NODE " ORCPT=rfc822;a+20b");
}

static void
local_mail_while_the_directory_is_away_is_left_to_lmtpd(struct message *m)
{
	struct rcpt *rcpt;

	m->envelope.class = CLASS_LOCAL;
	rcpt = to(m, "a@example.org");
	rcpt->unexpanded = true;
	(void)why_say(&rcpt->why, 451, "4.3.0", "directory unavailable");
	expect(m, MAIL_OK, "leave");
	assert_int_equal(m->plan.n_remove, 0);
}

static void
an_endless_address_still_fits_its_leaf(struct message *m)
{
	static char address[1000];

	(void)memset(address, 'x', sizeof address - 1);
	(void)memcpy(address + 500, "@example.org", 13);
	m->envelope.class = CLASS_LOCAL;
	leads_to(to(m, address), unknown());
	assert_int_equal(plan(m), MAIL_OK);
	assert_slice(
	    m->plan.leaves[0].recipient, "5.1.1==invalid@reject." NODE);
}

static void
forged_notify_does_not_pass(struct message *m)
{
	struct rcpt *rcpt = to(m, "a@example.org");

	rcpt->notify = SLICE("NEVER ORCPT=x");
	leads_to(rcpt, mailbox("xyz00-a"));
	expect(m, MAIL_OK,
	    "queue xyz00-a@mbox." NODE " ORCPT=rfc822;a@example.org");
}

static void
an_address_beyond_ascii_is_told_as_such(struct message *m)
{
	leads_to(to(m, "\xc3\xa4@example.org"), mailbox("xyz00-a"));
	assert_int_equal(plan(m), MAIL_OK);
	assert_memory_equal(m->plan.leaves[0].parameters, "ORCPT=utf-8;", 12);
}

static const struct {
	const char *name;
	void (*run)(struct message *);
} cases[] = {
#define A_CASE(f)                                                              \
	{                                                                      \
#f, f                                                          \
	}
	A_CASE(a_recipient_becomes_its_leaves),
	A_CASE(a_mailbox_reached_twice_gets_one_copy_and_the_first_original),
	A_CASE(a_bad_leaf_beside_a_good_one_is_dropped),
	A_CASE(a_leaf_that_waits_is_queued_beside_a_good_one),
	A_CASE(discarded_mail_leaves_nothing),
	A_CASE(too_large_for_all_is_refused),
	A_CASE(too_large_for_one_leaf_drops_it),
	A_CASE(too_large_for_one_recipient_bounces_for_it),
	A_CASE(mail_of_users_to_the_world_is_left_alone),
	A_CASE(a_forward_goes_straight_out_with_a_mark),
	A_CASE(a_forward_beside_a_mailbox_takes_the_second_pass),
	A_CASE(without_keys_a_forward_waits_at_lmtpd),
	A_CASE(flagged_mail_makes_no_reports),
	A_CASE(two_forwarders_are_not_told_of_each_other),
	A_CASE(a_forward_beside_a_stranger_takes_the_second_pass),
	A_CASE(mail_that_was_forwarded_from_here_is_a_loop),
	A_CASE(what_another_address_forwarded_is_no_loop),
	A_CASE(fifty_hops_pass_and_fifty_one_are_a_loop),
	A_CASE(an_address_spelled_by_the_client_wins_over_a_leaf),
	A_CASE(local_mail_is_never_refused),
	A_CASE(local_mail_to_a_locked_mailbox_waits),
	A_CASE(local_mail_to_a_bare_name_is_taken_out_as_it_was_written),
	A_CASE(local_mail_with_too_many_hops_bounces),
	A_CASE(local_mail_to_no_address_bounces),
	A_CASE(local_mail_while_the_directory_is_away_is_left_to_lmtpd),
	A_CASE(an_endless_address_still_fits_its_leaf),
	A_CASE(forged_notify_does_not_pass),
	A_CASE(an_address_beyond_ascii_is_told_as_such),
};

static void
plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message m;

		CASE(cases[i].name);
		begin(&m);
		cases[i].run(&m);
		end(&m);
	}
}

/* --- verdicts of an answer -------------------------------------------- */

static void
verdicts(void **state)
{
	const struct {
		const char *name;
		struct leaf leaves[2];
		size_t n;
		int code;
	} answers[] = {
		{ "no leaf at all is our fault", { { 0 } }, 0, 451 },
		{ "one good leaf", { mailbox("a") }, 1, 250 },
		{ "a good leaf after a bad one", { unknown(), mailbox("a") }, 2,
		    250 },
		{ "a good leaf after one that waits",
		    { locked("l"), mailbox("a") }, 2, 250 },
		{ "what may come right later is told first",
		    { unknown(), locked("l") }, 2, 450 },
		{ "only bad ones", { unknown(), unknown() }, 2, 550 },
		{ "discarding is good", { discard() }, 1, 250 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct why why;

		CASE(answers[i].name);
		assert_int_equal(
		    answer_verdict(answers[i].leaves, answers[i].n, &why),
		    answers[i].code / 100);
		assert_int_equal(why.code, answers[i].code);
	}
}

static void
classes(void **state)
{
	(void)state;
	assert_int_equal(policy_class(SLICE("local")), CLASS_LOCAL);
	assert_int_equal(policy_class(SLICE("reinject")), CLASS_REINJECT);
	assert_int_equal(policy_class(SLICE("")), CLASS_INBOUND);
	assert_int_equal(policy_class(SLICE("Local")), CLASS_INBOUND);
	assert_true(policy_needs_trust(CLASS_REINJECT));
	assert_true(policy_needs_trust(CLASS_LIST));
	assert_false(policy_needs_trust(CLASS_LOCAL));
	assert_true(policy_must_accept(CLASS_LOCAL));
	assert_false(policy_must_accept(CLASS_REINJECT));
}

static void
leaf_domains(void **state)
{
	(void)state;
	assert_true(policy_is_leaf_domain(SLICE("mbox." NODE), NODE));
	assert_true(policy_is_leaf_domain(SLICE("Reject.H01.example"), NODE));
	assert_false(policy_is_leaf_domain(SLICE(NODE), NODE));
	assert_false(policy_is_leaf_domain(SLICE("mbox.h02.example"), NODE));
	assert_false(policy_is_leaf_domain(SLICE("x.mbox." NODE), NODE));
	assert_false(policy_is_leaf_domain(SLICE("mail." NODE), NODE));
	assert_false(policy_is_leaf_domain(SLICE("mbox"), NODE));
}

static void
bad_addresses(void **state)
{
	static const struct {
		const char *name, *text;
		int error;
		bool utf8;
		const char *dsn;
	} bad[] = {
		{ "8 bits without SMTPUTF8", "\xc3\xa4@example.org", -EILSEQ,
		    false, "5.6.7" },
		{ "malformed UTF-8 with SMTPUTF8", "\xe4@example.org", -EILSEQ,
		    true, "5.1.3" },
		{ "a control character", "a\tb@example.org", -EILSEQ, false,
		    "5.1.3" },
		{ "no address", "a b", -EINVAL, false, "5.1.3" },
		{ "an endless one", "x", -ENAMETOOLONG, false, "5.1.3" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct why why;

		CASE(bad[i].name);
		assert_int_equal(policy_bad_address(bad[i].error,
				     slice_of(bad[i].text), bad[i].utf8, &why),
		    MAIL_PERMFAIL);
		assert_string_equal(why.dsn, bad[i].dsn);
	}
}

static void
declared_sizes(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(policy_declared_size(1000, 1000, &why), MAIL_OK);
	assert_int_equal(policy_declared_size(1 << 30, 0, &why), MAIL_OK);
	assert_int_equal(policy_declared_size(1001, 1000, &why), MAIL_PERMFAIL);
	assert_int_equal(why.code, 552);
	assert_string_equal(why.dsn, "5.3.4");
}

static void
owners_are_told(void **state)
{
	struct leaf leaf = unknown();
	struct slice path[] = { SLICE("address:a@example.org"),
		SLICE("dangling:xyz00-x") };
	struct slice owner;

	(void)state;
	assert_null(policy_notice(&leaf, &owner)); /* nobody's address */
	leaf.package = SLICE("xyz00");
	assert_null(policy_notice(&leaf, &owner)); /* a stranger's mistake */
	leaf.path = path;
	leaf.path_n = 2;
	assert_string_equal(policy_notice(&leaf, &owner), "dangling-target");
	assert_slice(owner, "xyz00");
	leaf = mailbox("xyz00-a");
	assert_null(policy_notice(&leaf, &owner));
	leaf.code = 552;
	leaf.dsn = SLICE("5.3.4");
	assert_string_equal(policy_notice(&leaf, &owner), "too-large");
	assert_slice(owner, "xyz00-a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(classes),
		cmocka_unit_test(leaf_domains),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(declared_sizes),
		cmocka_unit_test(owners_are_told),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
