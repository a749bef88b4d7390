#include "tests/unit/test.h"

#include "core/buf.h"
#include "lists/listpolicy.h"

#define TO "To: news@example.org\n"
#define FROM "From: Anna <anna@world.example>\n"

/* A members' list, and a member who writes to it. */
/* What answers are made of; until all tests are done. */
static struct arena arena = ARENA_INIT;

static struct listpolicy
usual_list(void)
{
	return (struct listpolicy){
		.address = SLICE("news@example.org"),
		.list_id = SLICE("news.example.org"),
		.mode = LISTPOLICY_MEMBERS,
		.nonmember = LISTPOLICY_REJECT,
		.spam = LISTPOLICY_HOLD,
		.max_size = 10000,
		.max_recipients = 3,
		.author = LISTPOLICY_MEMBER,
	};
}

static struct listpolicy_post
post_of(const char *header)
{
	return (struct listpolicy_post){
		.sender = SLICE("anna@world.example"),
		.header = slice_of(header),
		.body = SLICE("Good morning\n"),
		.size_bytes = 2000,
	};
}

static void
the_header_decides(void **state)
{
	static const struct {
		const char *name, *header;
		enum listpolicy_action action;
		const char *reason;
	} cases[] = {
		{ "a post of a member", FROM TO, LISTPOLICY_ACCEPT, "author" },
		{ "an absence notice", FROM TO "Auto-Submitted: auto-replied\n",
		    LISTPOLICY_DISCARD, "automatic" },
		{ "a person's own no", FROM TO "Auto-Submitted: no\n",
		    LISTPOLICY_ACCEPT, "author" },
		{ "our own List-Id",
		    FROM TO "List-Id: News <news.example.ORG>\n",
		    LISTPOLICY_DISCARD, "loop" },
		{ "our own mark", FROM TO "X-Loop: News@example.org\n",
		    LISTPOLICY_DISCARD, "loop" },
		{ "delivered here before",
		    FROM TO "Delivered-To: news@example.org\n",
		    LISTPOLICY_DISCARD, "loop" },
		{ "a fourth list in a row",
		    FROM TO "X-Loop: a@x\nX-Loop: b@x\nX-Loop: c@x\n"
			    "X-Loop: d@x\n",
		    LISTPOLICY_REJECT, "loop" },
		{ "another list, which is a member",
		    FROM TO "List-Id: <all.example.net>\n"
			    "List-Post: <mailto:all@example.net>\n",
		    LISTPOLICY_ACCEPT, "author" },
		{ "a blind copy", FROM "To: friends: ;\n", LISTPOLICY_HOLD,
		    "implicit" },
		{ "the list in Cc, in another case",
		    FROM "To: b@x.example\nCc: The list <NEWS@Example.org>\n",
		    LISTPOLICY_ACCEPT, "author" },
		{ "too many recipients",
		    FROM TO "Cc: a@x.example, b@x.example, c@x.example\n",
		    LISTPOLICY_HOLD, "recipients" },
	};
	const struct listpolicy list = usual_list();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct listpolicy_post post = post_of(cases[i].header);
		struct listpolicy_answer answer;

		CASE(cases[i].name);
		listpolicy_decide(&arena, &list, &post, &answer);
		assert_string_equal(answer.reason, cases[i].reason);
		assert_int_equal(answer.action, cases[i].action);
	}
}

static void
sixty_hops_are_a_loop(void **state)
{
	const struct listpolicy list = usual_list();
	struct buf header = BUF_INIT(4096);
	struct listpolicy_answer answer;
	struct listpolicy_post post;

	(void)state;
	for (int i = 0; i < 60; i++)
		(void)buf_addf(&header, "Received: by h%d.example\n", i);
	(void)buf_add_text(&header, FROM TO);
	post = post_of(buf_text(&header));
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_int_equal(answer.action, LISTPOLICY_REJECT);
	assert_string_equal(answer.why.dsn, "5.4.6");
	buf_free(&header);
}

/* author: as SQL knows him; checked, verified: what our filters say. */
static void
who_may_post(void **state)
{
	static const struct {
		const char *name;
		enum listpolicy_mode mode;
		enum listpolicy_author author;
		bool checked, verified;
		enum listpolicy_action action;
		const char *reason;
	} cases[] = {
		{ "everybody to an open list", LISTPOLICY_OPEN,
		    LISTPOLICY_STRANGER, true, false, LISTPOLICY_ACCEPT,
		    "author" },
		{ "no stranger to a members' list", LISTPOLICY_MEMBERS,
		    LISTPOLICY_STRANGER, true, true, LISTPOLICY_REJECT,
		    "nonmember" },
		{ "who was allowed", LISTPOLICY_MEMBERS, LISTPOLICY_ALLOWED,
		    true, false, LISTPOLICY_ACCEPT, "author" },
		{ "a member, verified or not", LISTPOLICY_MEMBERS,
		    LISTPOLICY_MEMBER, true, false, LISTPOLICY_ACCEPT,
		    "author" },
		{ "an owner who may be forged is a stranger",
		    LISTPOLICY_MEMBERS, LISTPOLICY_OWNER, true, false,
		    LISTPOLICY_REJECT, "nonmember" },
		{ "where nobody checks, From is believed", LISTPOLICY_ANNOUNCE,
		    LISTPOLICY_POSTER, false, false, LISTPOLICY_ACCEPT,
		    "author" },
		{ "an announcement of a verified poster", LISTPOLICY_ANNOUNCE,
		    LISTPOLICY_POSTER, true, true, LISTPOLICY_ACCEPT,
		    "author" },
		{ "an announcement of a forged poster", LISTPOLICY_ANNOUNCE,
		    LISTPOLICY_POSTER, true, false, LISTPOLICY_REJECT,
		    "announce" },
		{ "an announcement of a member", LISTPOLICY_ANNOUNCE,
		    LISTPOLICY_MEMBER, true, true, LISTPOLICY_REJECT,
		    "announce" },
		{ "a member of a moderated list", LISTPOLICY_MODERATED,
		    LISTPOLICY_MEMBER, true, true, LISTPOLICY_HOLD,
		    "moderated" },
		{ "its moderator", LISTPOLICY_MODERATED, LISTPOLICY_MODERATOR,
		    true, true, LISTPOLICY_ACCEPT, "author" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listpolicy list = usual_list();
		struct listpolicy_post post = post_of(FROM TO);
		struct listpolicy_answer answer;

		CASE(cases[i].name);
		list.mode = cases[i].mode;
		list.author = cases[i].author;
		post.checked = cases[i].checked;
		post.verified = cases[i].verified;
		listpolicy_decide(&arena, &list, &post, &answer);
		assert_int_equal(answer.action, cases[i].action);
		assert_string_equal(answer.reason, cases[i].reason);
	}
}

static void
the_other_steps(void **state)
{
	struct listpolicy list = usual_list();
	struct listpolicy_post post = post_of(FROM TO);
	struct listpolicy_answer answer;

	(void)state;
	post.sender = SLICE("");
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.reason, "null-sender");

	post = post_of(FROM TO);
	list.held_posts_left = 1;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.reason, "new-member");

	post.body = SLICE("\n Unsubscribe please\nthanks\n");
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.reason, "command");
	post.body = SLICE("help\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.reason, "new-member");

	post.is_spam = true;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.reason, "spam");
	list.spam = LISTPOLICY_DISCARD;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_int_equal(answer.action, LISTPOLICY_DISCARD);

	post.size_bytes = 20000;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_int_equal(answer.why.code, 552);
	list.banned = true;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.reason, "banned");
	list.hold = true;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.reason, "emergency");
}

static void
an_answer_to_a_digest_waits_for_a_subject(void **state)
{
	static const struct {
		const char *header;
		enum listpolicy_action action;
	} cases[] = {
		{ FROM TO "Subject: Re: news Digest, Vol 2, Issue 7\n",
		    LISTPOLICY_HOLD },
		{ FROM TO "Subject: =?utf-8?q?AW=3A_news-Digest=2C_Band_2?=\n",
		    LISTPOLICY_HOLD },
		{ FROM TO "Subject: Re: reader's digest, volumes\n",
		    LISTPOLICY_ACCEPT },
	};
	const struct listpolicy list = usual_list();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct listpolicy_post post = post_of(cases[i].header);
		struct listpolicy_answer answer;

		CASE(cases[i].header);
		listpolicy_decide(&arena, &list, &post, &answer);
		assert_int_equal(answer.action, cases[i].action);
	}
}

static void
rules_look_at_decoded_headers_and_the_first_decides(void **state)
{
	static const struct listpolicy_rule rules[] = {
		{ LISTPOLICY_ACCEPT, { "X-Trusted", 9 }, { "^yes$", 5 },
		    false },
		{ LISTPOLICY_DISCARD, { "Subject", 7 }, { "gr\303\274n", 5 },
		    false },
		{ LISTPOLICY_HOLD, { "X-Mailer", 8 }, { "(a+)+$", 6 }, false },
		{ LISTPOLICY_REJECT, { "Message-ID", 10 }, { ".", 1 }, true },
	};
	static const struct {
		const char *name, *header;
		enum listpolicy_action action;
	} cases[] = {
		{ "encoded", FROM TO "Subject: =?utf-8?Q?Gr=C3=BCn?=\n",
		    LISTPOLICY_DISCARD },
		{ "the first rule that fits",
		    FROM TO "X-Trusted: YES\nSubject: =?utf-8?Q?gr=C3=BCn?=\n",
		    LISTPOLICY_ACCEPT },
		{ "a header that is missing", FROM TO, LISTPOLICY_REJECT },
		{ "a bomb comes to nothing",
		    FROM TO "Message-ID: <x>\nX-Mailer: "
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"
			    "\n",
		    LISTPOLICY_ACCEPT },
	};
	struct listpolicy list = usual_list();

	(void)state;
	list.rules = rules;
	list.n_rules = COUNT(rules);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct listpolicy_post post = post_of(cases[i].header);
		struct listpolicy_answer answer;

		CASE(cases[i].name);
		listpolicy_decide(&arena, &list, &post, &answer);
		assert_int_equal(answer.action, cases[i].action);
	}
}

static void
a_refusal_names_the_list_and_whom_to_ask(void **state)
{
	struct listpolicy list = usual_list();
	const struct listpolicy_post post = post_of(FROM TO);
	struct listpolicy_answer answer;

	(void)state;
	list.author = LISTPOLICY_STRANGER;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.why.reply,
	    "news@example.org: only members may post to this list. "
	    "Questions: news+owner@example.org");
	list.german = true;
	listpolicy_decide(&arena, &list, &post, &answer);
	assert_string_equal(answer.why.reply,
	    "news@example.org: only members may post to this list. Nur "
	    "Mitglieder duerfen hier schreiben. Fragen: "
	    "news+owner@example.org");
}

static void
the_author_is_from_or_the_list_that_sends_on(void **state)
{
	static const struct {
		const char *name, *header, *author;
	} cases[] = {
		{ "From", FROM TO, "anna@world.example" },
		{ "several authors are nobody",
		    "From: a@x.example, b@x.example\n", "" },
		{ "no From", TO, "" },
		{ "octets that are no text", "From: \377\376@x.example\n", "" },
		{ "another list",
		    FROM "List-Id: <a.x>\nList-Post: <mailto:a@x.example>\n",
		    "a@x.example" },
		{ "a list that takes no posts",
		    FROM "List-Id: <a.x>\nList-Post: NO\n",
		    "anna@world.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_slice(
		    listpolicy_author(&arena, slice_of(cases[i].header)),
		    cases[i].author);
	}
}

static int
free_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_decides),
		cmocka_unit_test(sixty_hops_are_a_loop),
		cmocka_unit_test(who_may_post),
		cmocka_unit_test(the_other_steps),
		cmocka_unit_test(an_answer_to_a_digest_waits_for_a_subject),
		cmocka_unit_test(
		    rules_look_at_decoded_headers_and_the_first_decides),
		cmocka_unit_test(a_refusal_names_the_list_and_whom_to_ask),
		cmocka_unit_test(the_author_is_from_or_the_list_that_sends_on),
	};

	return cmocka_run_group_tests(tests, NULL, free_arena);
}
