#include "tests/unit/test.h"

#include <stdlib.h>

#include "milter/submission.h"
#include "tests/unit/milter/fake_milter.h"

static struct milter milter;

/* --- one message ------------------------------------------------------ */

struct sent {
	struct arena arena;
	struct submission submission;
	struct rcpt rcpt;
	struct leaf leaf;
	struct envelope envelope;
	struct why why;
};

static int
set_up(void **state)
{
	struct sent *sent = calloc(1, sizeof *sent);

	fake_milter_open(&milter);
	fake_recipients = 3;
	submission_begin(&sent->submission, &milter, &sent->arena);
	sent->rcpt = (struct rcpt){ .leaves = &sent->leaf, .n_leaves = 1 };
	sent->envelope = (struct envelope){ .node = FAKE_NODE,
		.rcpts = &sent->rcpt,
		.n_rcpts = 1,
		.size_bytes = 1000 };
	*state = sent;
	return 0;
}

static int
tear_down(void **state)
{
	struct sent *sent = *state;

	submission_drop(&sent->submission);
	milter_close(&milter);
	arena_done(&sent->arena);
	free(sent);
	return 0;
}

static enum verdict
mail_as(struct sent *sent, const char *login, const char *sender)
{
	const struct submission_peer peer = { .class = CLASS_REGULAR,
		.login = slice_of(login) };

	return submission_mail(
	    &sent->submission, &peer, slice_of(sender), -1, &sent->why);
}

static enum verdict
rcpt(struct sent *sent)
{
	return submission_rcpt(
	    &sent->submission, SLICE("anna@world.example"), &sent->why);
}

static enum verdict
end(struct sent *sent)
{
	return submission_end(&sent->submission, &sent->envelope, &sent->why);
}

static void
header(struct sent *sent, const char *name, const char *value)
{
	submission_header(&sent->submission, slice_of(name), slice_of(value));
}

/* --- who -------------------------------------------------------------- */

static void
only_our_users_are_asked(void **state)
{
	static const struct {
		const char *name;
		struct submission_peer peer;
		bool asked;
	} cases[] = {
		{ "a stranger", { CLASS_INBOUND, { "", 0 }, false, 0 }, false },
		{ "a login", { CLASS_REGULAR, { "xyz00", 5 }, false, 0 },
		    true },
		{ "bulk", { CLASS_BULK, { "xyz00", 5 }, false, 0 }, true },
		{ "a user here", { CLASS_INBOUND, { "", 0 }, true, 33 }, true },
		{ "root", { CLASS_INBOUND, { "", 0 }, true, 0 }, false },
		{ "the sendmail command", { CLASS_LOCAL, { "", 0 }, true, 33 },
		    false },
		{ "our programs", { CLASS_REINJECT, { "", 0 }, true, 33 },
		    false },
	};
	struct sent *sent = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		(void)submission_mail(&sent->submission, &cases[i].peer,
		    SLICE(""), -1, &sent->why);
		assert_int_equal(sent->submission.name.n > 0, cases[i].asked);
		submission_drop(&sent->submission);
		submission_begin(&sent->submission, &milter, &sent->arena);
	}
}

static void
a_locked_mailbox_sends_nothing(void **state)
{
	assert_int_equal(mail_as(*state, "locked", "m@b.org"), MAIL_TEMPFAIL);
	assert_string_equal(((struct sent *)*state)->why.dsn, "4.2.1");
}

static void
a_user_without_mailbox_sends_as_one_of_this_machine(void **state)
{
	struct sent *sent = *state;

	assert_int_equal(
	    mail_as(sent, "uid:33", "m@example.org"), MAIL_PERMFAIL);
	assert_int_equal(mail_as(sent, "uid:33", "www@" FAKE_NODE), MAIL_OK);
	assert_slice(sent->submission.name, "uid:33");
}

/* --- the author ------------------------------------------------------- */

static const struct {
	const char *name, *from, *second;
	const char *dsn; /* NULL: fine */
} authors[] = {
	{ "his own", "M <m@example.org>", NULL, NULL },
	{ "two of his own", "m@a.org, \"x, y\" <m2@a.org>", NULL, NULL },
	{ "none", NULL, NULL, "5.6.0" },
	{ "two fields", "m@a.org", "m@a.org", "5.6.0" },
	{ "somebody else", "x@a.org", NULL, "5.7.1" },
	{ "somebody else as well", "m@a.org, x@a.org", NULL, "5.7.1" },
	{ "somebody else in a group", "G: m@a.org, x@a.org;", NULL, "5.7.1" },
	{ "a comment is no address", "m@a.org (x@a.org)", NULL, NULL },
	{ "an empty group", "G:;", NULL, "5.6.0" },
	{ "no domain", "m", NULL, "5.6.0" },
	{ "no address", "<<>>", NULL, "5.6.0" },
	{ "empty", "", NULL, "5.6.0" },
	{ "folded", "M\r\n <m@a.org>", NULL, NULL },
	{ "eleven of them", "m@a,m@b,m@c,m@d,m@e,m@f,m@g,m@h,m@i,m@j,m@k", NULL,
	    "5.6.0" },
};

static void
the_header_has_exactly_one_author_who_may(void **state)
{
	for (size_t i = 0; i < COUNT(authors); i++) {
		struct sent *sent = *state;
		enum verdict verdict;

		CASE(authors[i].name);
		(void)mail_as(sent, "xyz00", "m@example.org");
		if (authors[i].from != NULL)
			header(sent, "From", authors[i].from);
		if (authors[i].second != NULL)
			header(sent, "FROM", authors[i].second);
		verdict = end(sent);
		if (authors[i].dsn == NULL)
			assert_int_equal(verdict, MAIL_OK);
		else
			assert_string_equal(sent->why.dsn, authors[i].dsn);
		submission_drop(&sent->submission);
		submission_begin(&sent->submission, &milter, &sent->arena);
	}
}

/* --- how much --------------------------------------------------------- */

static void
what_is_dropped_is_put_back(void **state)
{
	struct sent *sent = *state;

	for (int round = 0; round < 5; round++) {
		(void)mail_as(sent, "xyz00", "m@example.org");
		assert_int_equal(rcpt(sent), MAIL_OK);
		assert_int_equal(rcpt(sent), MAIL_OK);
		submission_drop(&sent->submission);
		submission_begin(&sent->submission, &milter, &sent->arena);
	}
}

static void
what_is_settled_is_spent(void **state)
{
	struct sent *sent = *state;

	for (int round = 0; round < 4; round++) {
		(void)mail_as(sent, "xyz00", "m@example.org");
		assert_int_equal(
		    rcpt(sent), round < 3 ? MAIL_OK : MAIL_TEMPFAIL);
		submission_settle(&sent->submission);
		submission_begin(&sent->submission, &milter, &sent->arena);
	}
	assert_string_equal(sent->why.reply, "limit is reached");
}

/* --- newsletters ------------------------------------------------------ */

static void
a_newsletter_is_refused_where_its_package_says_so(void **state)
{
	struct sent *sent = *state;

	(void)mail_as(sent, "refuses", "m@example.org");
	assert_int_equal(rcpt(sent), MAIL_OK);
	assert_int_equal(rcpt(sent), MAIL_OK);
	assert_int_equal(rcpt(sent), MAIL_PERMFAIL);
	assert_string_equal(sent->why.reply,
	    "more than 2 recipients: send newsletters by port 4587");
}

static void
a_moved_one_is_counted_as_bulk(void **state)
{
	struct sent *sent = *state;

	(void)mail_as(sent, "xyz00", "m@example.org");
	for (int i = 0; i < 3; i++)
		(void)rcpt(sent);
	assert_true(sent->submission.moved);
	assert_true(sent->submission.bulk);
}

static void
without_the_database_it_is_not_moved_but_waits(void **state)
{
	struct sent *sent = *state;

	sent->leaf = (struct leaf){ .kind = LEAF_EXTERNAL, .code = 250 };
	(void)mail_as(sent, "xyz00", "m@example.org");
	header(sent, "From", "m@example.org");
	header(sent, "Precedence", " Bulk");
	assert_int_equal(end(sent), MAIL_TEMPFAIL);
	sent->leaf.kind = LEAF_MAILBOX; /* nothing leaves the house */
	assert_int_equal(end(sent), MAIL_OK);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(only_our_users_are_asked),
		TEST(a_locked_mailbox_sends_nothing),
		TEST(a_user_without_mailbox_sends_as_one_of_this_machine),
		TEST(the_header_has_exactly_one_author_who_may),
		TEST(what_is_dropped_is_put_back),
		TEST(what_is_settled_is_spent),
		TEST(a_newsletter_is_refused_where_its_package_says_so),
		TEST(a_moved_one_is_counted_as_bulk),
		TEST(without_the_database_it_is_not_moved_but_waits),
	};

	return cmocka_run_group_tests_name("submission", tests, NULL, NULL);
}
