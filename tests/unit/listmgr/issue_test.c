#include "tests/unit/test.h"

#include <errno.h>

#include "listmgr/issue.h"
#include "listmgr/list.h"

#define S(literal)                                                             \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

static const struct list list = { .name = S("club"),
	.domain = S("example.org"),
	.address = S("club@example.org"),
	.list_id = S("club.example.org"),
	.title = S("Club"),
	.language = LIST_DE,
	.archive = LIST_ARCHIVE_PUBLIC,
	.policy = LIST_MEMBERS,
	.page = S("https://l.example/l/club@example.org") };

static const struct issue_post posts[] = {
	{ 7, S("Received: x\nFrom: Anna <anna@a.example>\n"
	       "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMessage-ID: <1@a>\n"
	       "Content-Type: text/plain; charset=utf-8\n"
	       "Content-Transfer-Encoding: 8bit\nX-Mailer: x\n\n"
	       "Gr\xC3\xBC\xC3\x9F\x65\n--=_dtok\n") },
	{ 8, S("From: b@b.example\nSubject: x\nReply-To: c@d\nMessage-ID: "
	       "<2@b>\n\nzwei") },
};

static struct issue
an_issue(void)
{
	return (struct issue){ .list = &list,
		.volume = 2,
		.number = 5,
		.now = 1795525200,
		.token = SLICE("tok3n"),
		.head = SLICE("Digest der Liste\n"),
		.foot = SLICE("Tsch\xC3\xBC\xC3\x9F\n"),
		.posts = posts,
		.n_posts = COUNT(posts) };
}

static void
posts_become_one_message(void **state)
{
	static const char wanted[] =
	    "Precedence: list\nList-Id: Club <club.example.org>\n"
	    "List-Help: <mailto:club+help@example.org>,\n"
	    " <https://l.example/l/club@example.org>\n"
	    "List-Subscribe: <mailto:club+subscribe@example.org>,\n"
	    " <https://l.example/l/club@example.org>\n"
	    "List-Post: <mailto:club@example.org>\n"
	    "List-Owner: <mailto:club+owner@example.org>\n"
	    "List-Archive: <https://l.example/l/club@example.org/>\n"
	    "X-Loop: club@example.org\n"
	    "From: Club <club@example.org>\nTo: Club <club@example.org>\n"
	    "Subject: club-Digest, Band 2, Ausgabe 5\n"
	    "Date: Tue, 24 Nov 2026 13:00:00 +0000\n"
	    "Message-ID: <digest-tok3n@example.org>\nMIME-Version: 1.0\n"
	    "Content-Language: de\n"
	    "Content-Type: multipart/mixed; boundary=\"=_dtok3n\"\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "--=_dtok3n\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "Digest der Liste\n\n"
	    "   1. Gr=C3=BC=C3=9Fe (von Anna)\n   2. x (von b@b.example)\n\n"
	    "--=_dtok3n\n"
	    "Content-Type: multipart/digest; boundary=\"=_ptok3n\"\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "--=_ptok3n\nContent-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "From: Anna <anna@a.example>\n"
	    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMessage-ID: <1@a>\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "Gr\xC3\xBC\xC3\x9F\x65\n--=_dtok\n\n"
	    "--=_ptok3n\nContent-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: 8bit\n\n"
	    "From: b@b.example\nSubject: x\nReply-To: c@d\n"
	    "Message-ID: <2@b>\n\nzwei\n"
	    "--=_ptok3n--\n\n"
	    "--=_dtok3n\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "Tsch=C3=BC=C3=9F\n--=_dtok3n--\n";
	struct arena arena = ARENA_INIT;
	struct buf to = BUF_INIT(10000);
	const struct issue issue = an_issue();

	(void)state;
	assert_int_equal(issue_build(&arena, &issue, &to), 0);
	assert_slice(buf_slice(&to), wanted);
	buf_free(&to);
	arena_done(&arena);
}

static bool
contains(const struct buf *text, const char *word)
{
	return memmem(text->p, text->n, word, strlen(word)) != NULL;
}

static void
an_anonymous_list_names_nobody(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf to = BUF_INIT(10000);
	struct issue issue = an_issue();
	struct list secret = list;

	(void)state;
	secret.anonymous = true;
	secret.language = LIST_EN;
	issue.list = &secret;
	assert_int_equal(issue_build(&arena, &issue, &to), 0);
	assert_false(contains(&to, "Anna"));
	assert_false(contains(&to, "b@b.example"));
	assert_false(contains(&to, "<1@a>"));
	assert_true(contains(&to, "Subject: club Digest, Vol 2, Issue 5\n"));
	buf_free(&to);
	arena_done(&arena);
}

static void
a_large_post_is_named_only(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf large = BUF_INIT(2 * ISSUE_POST_MAX);
	struct buf to = BUF_INIT(10000);
	struct issue_post post = { .number = 1 };
	struct issue issue = an_issue();

	(void)state;
	(void)buf_add_text(&large,
	    "From: a@b\nMessage-ID: <1@a>\nContent-Type: image/png\n\n");
	while (large.n <= ISSUE_POST_MAX)
		(void)buf_add_text(&large, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
	post.message = buf_slice(&large);
	issue.posts = &post;
	issue.n_posts = 1;
	assert_int_equal(issue_build(&arena, &issue, &to), 0);
	assert_true(
	    contains(&to, "From: a@b\nMessage-ID: <1@a>\nMIME-Version: 1.0\n"
			  "Content-Type: text/plain"));
	assert_false(contains(&to, "image/png"));
	assert_true(
	    contains(&to, "https://l.example/l/club@example.org/1@a/\n"));
	buf_free(&to);
	buf_free(&large);
	arena_done(&arena);
}

static void
too_small_a_buffer_is_told(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf to = BUF_INIT(1000);
	const struct issue issue = an_issue();

	(void)state;
	assert_int_equal(issue_build(&arena, &issue, &to), -EMSGSIZE);
	buf_free(&to);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_become_one_message),
		cmocka_unit_test(an_anonymous_list_names_nobody),
		cmocka_unit_test(a_large_post_is_named_only),
		cmocka_unit_test(too_small_a_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
