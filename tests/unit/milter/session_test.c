#include "tests/unit/test.h"

#include <stdio.h>
#include <time.h>

#include "core/srs.h"
#include "milter/session.h"
#include "tests/unit/milter/fake_milter.h"

static struct milter milter;

static int
set_up(void **state)
{
	(void)state;
	fake_milter_open(&milter);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	milter_close(&milter);
	return 0;
}

/* --- a session by a few words ----------------------------------------- */

static struct session *
open_as(const char *daemon_name)
{
	const struct session_peer peer = {
		.daemon_name = slice_of(daemon_name),
		.client_addr = SLICE("192.0.2.1"),
		.client_port = SLICE("4711"),
		.daemon_addr = SLICE("192.0.2.2"),
		.daemon_port = SLICE("25"),
	};

	return session_open(&milter, &peer);
}

static struct why why;

static enum verdict
mail_with(struct session *session, const char *from, const char *parameter)
{
	char *parameters[] = { (char *)parameter, NULL };
	const struct session_path path = { slice_of(from), parameters };

	why = (struct why){ .verdict = MAIL_OK };
	return session_mail(session, &path, SLICE(""), &why);
}

static enum verdict
mail(struct session *session, const char *from)
{
	return mail_with(session, from, NULL);
}

static enum verdict
rcpt(struct session *session, const char *to)
{
	char *parameters[] = { NULL };
	const struct session_path path = { slice_of(to), parameters };

	return session_rcpt(session, &path, &why);
}

/* The new sender, if any, and the recipients that the message would have in
 * the queue. */
static const char *
end(struct session *session)
{
	static char text[2000];
	struct plan plan;
	size_t n;
	enum verdict verdict = session_end(session, SLICE("4F1A"), &plan, &why);

	session_report(session, &plan, verdict, &why);
	if (verdict != MAIL_OK)
		return why.dsn;
	n = (size_t)snprintf(text, sizeof text, "%.*s%s",
	    SLICE_FMT(plan.sender), plan.sender.n > 0 ? ":" : "");
	for (size_t i = 0; i < plan.n_leaves; i++) {
		if (plan.leaves[i].fate <= FATE_UNCHANGED ||
		    plan.leaves[i].fate == FATE_REJECTED)
			n += (size_t)snprintf(text + n, sizeof text - n,
			    "%s%.*s", n > 0 && text[n - 1] != ':' ? " " : "",
			    SLICE_FMT(plan.leaves[i].recipient));
	}
	return text;
}

/* --- cases ------------------------------------------------------------ */

static void
a_message_becomes_leaves(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	assert_int_equal(mail(session, "<anna@example.net>"), MAIL_OK);
	assert_int_equal(rcpt(session, "<m@example.org>"), MAIL_OK);
	assert_int_equal(rcpt(session, "<n@example.org>"), MAIL_PERMFAIL);
	assert_string_equal(why.reply, "no such address here");
	assert_int_equal(rcpt(session, "<a@example.org>"), MAIL_TEMPFAIL);
	assert_int_equal(why.code, 451);
	assert_string_equal(end(session), "xyz00-m@mbox." FAKE_NODE);
	session_close(session);
}

static void
the_next_message_starts_from_nothing(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	(void)mail_with(session, "<anna@example.net>", "SIZE=2000");
	(void)rcpt(session, "<m@example.org>");
	session_abort(session);
	(void)mail(session, "<anna@example.net>");
	assert_int_equal(rcpt(session, "<s@example.org>"), MAIL_OK);
	assert_string_equal(end(session), "xyz00-s@mbox." FAKE_NODE);
	session_close(session);
}

static void
sizes_count_header_and_body(void **state)
{
	static const char octets[1000];
	struct session *session = open_as("inbound");

	(void)state;
	for (size_t body = 980; body < 1000; body += 10) {
		(void)mail(session, "<>");
		(void)rcpt(session, "<s@example.org>");
		session_header(session, SLICE("Subject"), SLICE(" x"));
		session_body(session, (struct slice){ octets, body });
		assert_string_equal(end(session),
		    body + 12 > 1000 ? "5.3.4" : "xyz00-s@mbox." FAKE_NODE);
	}
	session_close(session);
}

static void
declared_sizes_are_believed_when_too_large(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	assert_int_equal(
	    mail_with(session, "<a@b.example>", "SIZE=5001"), MAIL_PERMFAIL);
	assert_string_equal(why.dsn, "5.3.4");
	assert_int_equal(
	    mail_with(session, "<a@b.example>", "size=1001"), MAIL_OK);
	assert_int_equal(rcpt(session, "<s@example.org>"), MAIL_PERMFAIL);
	assert_string_equal(why.dsn, "5.3.4");
	assert_int_equal(rcpt(session, "<m@example.org>"), MAIL_OK);
	/* A size that is no number says nothing. */
	assert_int_equal(
	    mail_with(session, "<a@b.example>", "SIZE=-1"), MAIL_OK);
	assert_int_equal(rcpt(session, "<s@example.org>"), MAIL_OK);
	session_close(session);
}

static void
addresses_beyond_ascii(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	(void)mail(session, "<anna@example.net>");
	assert_int_equal(
	    rcpt(session, "<m\xc3\xa4@example.org>"), MAIL_PERMFAIL);
	assert_string_equal(why.dsn, "5.6.7");
	(void)mail_with(session, "<anna@example.net>", "SMTPUTF8");
	assert_int_equal(rcpt(session, "<m\xc3\xa4@example.org>"), MAIL_OK);
	assert_int_equal(
	    mail(session, "<\xc3\xa4@example.net>"), MAIL_PERMFAIL);
	assert_string_equal(why.dsn, "5.6.7");
	session_close(session);
}

static void
local_mail_is_taken_whatever_it_says(void **state)
{
	struct session *session = open_as("local");

	(void)state;
	assert_int_equal(mail(session, "no address at all"), MAIL_OK);
	assert_int_equal(rcpt(session, "n@example.org"), MAIL_OK);
	assert_int_equal(rcpt(session, "mroot"), MAIL_OK);
	assert_int_equal(rcpt(session, "away@example.org"), MAIL_OK);
	assert_string_equal(end(session),
	    "5.1.1=n=example.org@reject." FAKE_NODE " xyz00-m@mbox." FAKE_NODE
	    " away@example.org");
	session_close(session);
}

static void
doors_of_our_own_are_closed_to_strangers(void **state)
{
	static const char *const doors[] = { "reinject", "list" };

	(void)state;
	for (size_t i = 0; i < COUNT(doors); i++) {
		struct session *session = open_as(doors[i]);

		CASE(doors[i]);
		assert_int_equal(mail(session, "<>"), MAIL_PERMFAIL);
		assert_string_equal(why.dsn, "5.7.1");
		session_close(session);
	}
}

static void
a_forward_that_was_here_before_is_a_loop(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	(void)mail(session, "<anna@home.example>");
	(void)rcpt(session, "<f@example.org>");
	session_header(session, SLICE("Delivered-To"), SLICE(" x@y.example"));
	assert_string_equal(end(session), "x@else.example");
	(void)mail(session, "<anna@example.net>");
	(void)rcpt(session, "<f@example.org>");
	session_header(
	    session, SLICE("delivered-TO"), SLICE("\n f@Example.org"));
	assert_string_equal(end(session), "5.4.6");
	session_close(session);
}

static void
a_thousand_recipients(void **state)
{
	struct session *session = open_as("inbound");
	char address[40];

	(void)state;
	(void)mail(session, "<anna@example.net>");
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(address, sizeof address, "<m%d@example.org>", i);
		assert_int_equal(rcpt(session, address), MAIL_OK);
	}
	assert_string_equal(end(session), "xyz00-m@mbox." FAKE_NODE);
	session_close(session);
}

/* --- mail that goes on ------------------------------------------------ */

/* The address by which zoe@example.net gets her bounces. */
static const char *
rewritten(const char *key)
{
	static char text[200];
	struct arena arena = ARENA_INIT;
	const struct srs_keys keys = { { slice_of(key) }, 1 };
	const struct addr zoe = { SLICE("zoe"), SLICE("example.net") };
	struct addr srs;

	assert_int_equal(srs_forward(&arena, &keys, &zoe, SLICE("home.example"),
			     time(NULL), &srs),
	    0);
	(void)snprintf(
	    text, sizeof text, "%.*s", SLICE_FMT(addr_text(&arena, &srs)));
	arena_done(&arena);
	return text;
}

static void
a_forward_leaves_with_a_sender_of_its_domain(void **state)
{
	struct session *session = open_as("inbound");
	char expected[300];

	(void)state;
	(void)mail(session, "<zoe@example.net>");
	(void)rcpt(session, "<f@example.org>");
	(void)snprintf(
	    expected, sizeof expected, "%s:x@else.example", rewritten("key"));
	assert_string_equal(end(session), expected);
	session_close(session);
}

static void
some_senders_stay_as_they_are(void **state)
{
	static const char *const senders[] = { "<>", "<bob@home.example>" };
	struct session *session = open_as("inbound");

	(void)state;
	for (size_t i = 0; i < COUNT(senders); i++) {
		CASE(senders[i]);
		(void)mail(session, senders[i]);
		(void)rcpt(session, "<f@example.org>");
		assert_string_equal(end(session), "x@else.example");
	}
	session_close(session);
}

static void
a_bounce_goes_to_the_first_sender(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	(void)mail(session, "<>");
	assert_int_equal(rcpt(session, rewritten("key")), MAIL_OK);
	(void)rcpt(session, "<m@example.org>");
	session_body(session, SLICE("no report"));
	assert_string_equal(
	    end(session), "z@else.example xyz00-m@mbox." FAKE_NODE);
	session_close(session);
}

static void
an_answer_to_a_rewritten_sender_is_itself_sent_on(void **state)
{
	struct session *session = open_as("inbound");
	const char *got;

	(void)state;
	(void)mail(session, "<carl@example.net>");
	(void)rcpt(session, rewritten("key"));
	got = end(session);
	assert_memory_equal(got, "SRS0=", 5);
	assert_non_null(
	    strstr(got, "=example.net=carl@home.example:z@else.example"));
	session_close(session);
}

/* Its sender can't be changed for one recipient only. */
static void
beside_others_it_comes_back_alone(void **state)
{
	struct session *session = open_as("inbound");
	char expected[300];

	(void)state;
	(void)mail(session, "<carl@example.net>");
	(void)rcpt(session, rewritten("key"));
	(void)rcpt(session, "<m@example.org>");
	(void)snprintf(expected, sizeof expected, "%s xyz00-m@mbox.%s",
	    rewritten("key"), FAKE_NODE);
	assert_string_equal(end(session), expected);
	session_close(session);
}

static void
a_forged_sender_is_refused(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	(void)mail(session, "<>");
	assert_int_equal(
	    rcpt(session, rewritten("another key")), MAIL_PERMFAIL);
	assert_string_equal(why.dsn, "5.7.5");
	assert_int_equal(
	    rcpt(session, "<SRS0=AAAA=AA=example.net=zoe@home.example>"),
	    MAIL_PERMFAIL);
	session_close(session);
}

static void
flagged_mail_stays_where_the_domain_says_so(void **state)
{
	struct session *session = open_as("inbound");

	(void)state;
	(void)mail(session, "<zoe@example.net>");
	(void)rcpt(session, "<f@example.org>");
	session_header(session, SLICE("X-Spam-Flag"), SLICE(" YES"));
	assert_string_equal(end(session), "5.7.0");

	(void)mail(session, "<zoe@example.net>");
	(void)rcpt(session, "<f@example.org>");
	(void)rcpt(session, "<m@example.org>");
	session_header(session, SLICE("X-Spam-Status"), SLICE(" Yes, 9.1"));
	assert_string_equal(end(session), "xyz00-m@mbox." FAKE_NODE);
	session_close(session);
}

static void
more_copies_than_fifty_take_another_message(void **state)
{
	struct session *session = open_as("inbound");
	char to[40];

	(void)state;
	(void)mail(session, "<zoe@example.net>");
	for (int i = 0; i < POLICY_FORWARDS_MAX; i++) {
		(void)snprintf(to, sizeof to, "<f%d@example.org>", i);
		assert_int_equal(rcpt(session, to), MAIL_OK);
	}
	assert_int_equal(rcpt(session, "<f@example.org>"), MAIL_TEMPFAIL);
	assert_string_equal(why.dsn, "4.5.3");
	assert_int_equal(rcpt(session, "<m@example.org>"), MAIL_OK);
	session_close(session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_becomes_leaves),
		cmocka_unit_test(the_next_message_starts_from_nothing),
		cmocka_unit_test(sizes_count_header_and_body),
		cmocka_unit_test(declared_sizes_are_believed_when_too_large),
		cmocka_unit_test(addresses_beyond_ascii),
		cmocka_unit_test(local_mail_is_taken_whatever_it_says),
		cmocka_unit_test(doors_of_our_own_are_closed_to_strangers),
		cmocka_unit_test(a_forward_that_was_here_before_is_a_loop),
		cmocka_unit_test(a_thousand_recipients),
		cmocka_unit_test(a_forward_leaves_with_a_sender_of_its_domain),
		cmocka_unit_test(some_senders_stay_as_they_are),
		cmocka_unit_test(a_bounce_goes_to_the_first_sender),
		cmocka_unit_test(
		    an_answer_to_a_rewritten_sender_is_itself_sent_on),
		cmocka_unit_test(beside_others_it_comes_back_alone),
		cmocka_unit_test(a_forged_sender_is_refused),
		cmocka_unit_test(flagged_mail_stays_where_the_domain_says_so),
		cmocka_unit_test(more_copies_than_fifty_take_another_message),
	};

	return cmocka_run_group_tests_name("session", tests, set_up, tear_down);
}
