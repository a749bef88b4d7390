#include "tests/unit/test.h"

#include "sendmail/message.h"

static const struct message_author author = { { "fred@h01.example", 16 },
	{ "Fred", 4 }, "h01.example", 1700000000 };

#define OWN "From: \"Fred\" <fred@h01.example>\n"

static const struct {
	const char *name, *text;
	const char *has;     /* stands in the head */
	const char *has_not; /* does not */
	const char *body;
	const char *to; /* recipients, joined by blanks */
} cases[] = {
	{ "what is there stays", "From: a@b.org\nTo: c@d.org\n\nhi\n",
	    "From: a@b.org\nTo: c@d.org\n", OWN, "\nhi\n", "c@d.org" },
	{ "a missing From, Date and Message-ID are added",
	    "To: c@d.org\n\nhi\n", OWN "Date: ", "Bcc", "\nhi\n", "c@d.org" },
	{ "Bcc is read and left out",
	    "Bcc: x@y.org,\n z@y.org\nTo: c@d.org\n\n", "To: c@d.org\n",
	    "y.org", "\n", "x@y.org z@y.org c@d.org" },
	{ "Resent- fields win (RFC 5322 3.6.6)",
	    "To: c@d.org\nResent-Bcc: r@s.org\nResent-To: q@s.org\n\n",
	    "To: c@d.org\nResent-To: q@s.org\n", "r@s.org", "\n",
	    "r@s.org q@s.org" },
	{ "groups, names and comments",
	    "To: G: a@b.org, \"x, y\" <c@d.org>;, e@f.org (g@h.org)\n\n",
	    "To: G", "Bcc", "\n", "a@b.org c@d.org e@f.org" },
	{ "CRLF is as good", "To: c@d.org\r\nBcc: x@y.org\r\n\r\nhi\r\n",
	    "To: c@d.org\r\n", "x@y.org", "\r\nhi\r\n", "c@d.org x@y.org" },
	{ "a text without header is all body", "hello\nworld\n", OWN, "hello",
	    "hello\nworld\n", "" },
	{ "nothing at all", "", OWN, "Bcc", "", "" },
	{ "the line of a mailbox file is dropped",
	    "From fred Mon Jan  1 00:00:00 2024\nTo: c@d.org\n\nhi\n",
	    "To: c@d.org\n", "From fred", "\nhi\n", "c@d.org" },
	{ "a header without an end gets one", "To: c@d.org", "To: c@d.org\n\n",
	    "Bcc", "", "c@d.org" },
};

static void
messages_are_completed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		AUTO_BUF struct buf to = BUF_INIT(1000);
		struct message message;

		CASE(cases[i].name);
		message_compose(
		    &arena, slice_of(cases[i].text), &author, &message);
		assert_non_null(strstr(message.head.p, cases[i].has));
		assert_null(strstr(message.head.p, cases[i].has_not));
		assert_slice(message.body, cases[i].body);
		for (size_t r = 0; r < message.n_recipients; r++)
			(void)buf_addf(&to, "%s%.*s", r > 0 ? " " : "",
			    SLICE_FMT(message.recipients[r]));
		assert_string_equal(buf_text(&to), cases[i].to);
		arena_done(&arena);
	}
}

static const struct {
	const char *name, *from;
} names[] = {
	{ "A \"B\" \\ C", "From: \"A \\\"B\\\" \\\\ C\" <" },
	{ "J\xc3\xb6rg", "From: =?utf-8?B?SsO2cmc=?= <" },
	{ "x\nBcc: y@z.org", "From: =?utf-8?B?eApCY2M6IHlAei5vcmc=?= <" },
	{ "", "From: <fred@h01.example>\n" },
};

static void
a_name_is_no_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct arena arena = ARENA_INIT;
		struct message_author named = author;
		struct message message;

		CASE(names[i].name);
		named.full_name = slice_of(names[i].name);
		message_compose(&arena, SLICE("\n"), &named, &message);
		assert_non_null(strstr(message.head.p, names[i].from));
		assert_null(strstr(message.head.p, "\nBcc"));
		arena_done(&arena);
	}
}

static void
a_dot_ends_the_message_unless_it_may_not(void **state)
{
	char text[] = "a\n..\n.\nb\n";

	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		FILE *in = fmemopen(text, sizeof text - 1, "r");
		AUTO_BUF struct buf got = BUF_INIT(100);

		assert_int_equal(message_read(in, keep, &got), 0);
		assert_string_equal(buf_text(&got), keep ? text : "a\n..\n");
		(void)fclose(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_completed),
		cmocka_unit_test(a_name_is_no_header),
		cmocka_unit_test(a_dot_ends_the_message_unless_it_may_not),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
