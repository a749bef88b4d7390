#include "tests/unit/test.h"

#include "listmgr/heading.h"
#include "listmgr/list.h"

#define PAGE "https://lists.example.org/l/club@example.org"

static struct list
a_list(void)
{
	return (struct list){ .name = SLICE("club"),
		.domain = SLICE("example.org"),
		.address = SLICE("club@example.org"),
		.list_id = SLICE("club.example.org"),
		.title = SLICE("The club"),
		.policy = LIST_MEMBERS,
		.archive = LIST_ARCHIVE_PUBLIC,
		.page = SLICE(PAGE) };
}

static void
a_list_says_what_can_be_done(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf to = BUF_INIT(4096);
	const struct list list = a_list();

	(void)state;
	heading_add_top(&arena, &list, &to);
	heading_add_rest(&arena, &list, SLICE("a/b+%40@c d"), &to);
	assert_slice(buf_slice(&to),
	    "Precedence: list\n"
	    "List-Id: The club <club.example.org>\n"
	    "List-Help: <mailto:club+help@example.org>,\n <" PAGE ">\n"
	    "List-Subscribe: <mailto:club+subscribe@example.org>,\n <" PAGE
	    ">\n"
	    "List-Post: <mailto:club@example.org>\n"
	    "List-Owner: <mailto:club+owner@example.org>\n"
	    "List-Archive: <" PAGE "/>\n"
	    "Archived-At: <" PAGE "/a%2Fb%2B%2540@c%20d/>\n"
	    "X-Loop: club@example.org\n");
	buf_free(&to);
	arena_done(&arena);
}

static void
what_is_not_there_is_not_told(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf to = BUF_INIT(4096);
	struct list list = a_list();

	(void)state;
	list.page = SLICE("");
	list.title = SLICE("");
	list.policy = LIST_ANNOUNCE;
	heading_add_top(&arena, &list, &to);
	heading_add_rest(&arena, &list, SLICE("a@b"), &to);
	assert_slice(buf_slice(&to),
	    "Precedence: list\n"
	    "List-Id: <club.example.org>\n"
	    "List-Help: <mailto:club+help@example.org>\n"
	    "List-Subscribe: <mailto:club+subscribe@example.org>\n"
	    "List-Post: NO\n"
	    "List-Owner: <mailto:club+owner@example.org>\n"
	    "X-Loop: club@example.org\n");
	buf_free(&to);
	arena_done(&arena);
}

static void
one_click_is_for_one_member(void **state)
{
	struct arena arena = ARENA_INIT;
	struct list list = a_list();
	const char *web = "https://lists.example.org";

	(void)state;
	assert_slice(heading_unsubscribe(&arena, &list, web, SLICE("abc234")),
	    "List-Unsubscribe: <https://lists.example.org/u/abc234>,\n"
	    " <mailto:club+unsubscribe@example.org>\n"
	    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n");
	assert_slice(heading_unsubscribe(&arena, &list, web, SLICE("")),
	    "List-Unsubscribe: <mailto:club+unsubscribe@example.org>,\n <" PAGE
	    ">\n");
	list.page = SLICE("");
	assert_slice(heading_unsubscribe(&arena, &list, "", SLICE("abc234")),
	    "List-Unsubscribe: <mailto:club+unsubscribe@example.org>\n");
	arena_done(&arena);
}

static void
names_are_written_as_mail_wants_them(void **state)
{
	static const struct {
		const char *name, *field;
	} cases[] = {
		{ "Anna B", "From: Anna B <a@b>\n" },
		{ "", "From: <a@b>\n" },
		{ "B, \"A\\", "From: \"B, \\\"A\\\\\" <a@b>\n" },
		{ "J\xC3\xBCrgen", "From: =?utf-8?b?SsO8cmdlbg==?= <a@b>\n" },
		{ "=?x?q?y?=", "From: =?utf-8?b?PT94P3E/eT89?= <a@b>\n" },
		{ "a\nBcc: c@d", "From: \"a Bcc: c@d\" <a@b>\n" },
		{ "0123456789012345678901234567890123456789"
		  "01234567890123456789012345678901",
		    "From: 0123456789012345678901234567890123456789"
		    "01234567890123456789012345678901\n <a@b>\n" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf to = BUF_INIT(4096);

		CASE(cases[i].name);
		heading_add_mailbox(
		    &arena, &to, "From", slice_of(cases[i].name), SLICE("a@b"));
		assert_slice(buf_slice(&to), cases[i].field);
		buf_free(&to);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_says_what_can_be_done),
		cmocka_unit_test(what_is_not_there_is_not_told),
		cmocka_unit_test(one_click_is_for_one_member),
		cmocka_unit_test(names_are_written_as_mail_wants_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
