#include "tests/unit/test.h"

#include "core/buf.h"
#include "fetcher/pop3.h"

static const char marks[] = "?OEC\"$!";

/* Every event as a letter and its octets; texts stand together. */
static void
run(const char *input, size_t n, size_t step, struct buf *to)
{
	struct pop3 pop3;
	bool in_text = false;

	pop3_init(&pop3);
	pop3_expect(&pop3, true);
	for (size_t at = 0; at < n; at += step) {
		struct slice in = { input + at, at + step < n ? step : n - at };
		struct pop3_event e;

		while ((e = pop3_next(&pop3, &in)).kind != POP3_NEED_MORE) {
			if (e.kind != POP3_TEXT || !in_text)
				(void)buf_add_char(to, marks[e.kind]);
			in_text = e.kind == POP3_TEXT;
			if (e.kind == POP3_BROKEN)
				goto done;
			(void)buf_add_slice(to, e.octets);
		}
	}
done:
	pop3_done(&pop3);
}

static void
replies_and_texts_come_apart(void **state)
{
	static const struct {
		const char *name, *input, *events;
	} cases[] = {
		{ "a text ends at a lone dot", "+OK 5 octets\r\nab\r\n.\r\n",
		    "O5 octets\"ab\n$" },
		{ "an empty text", "+OK\r\n.\r\n", "O$" },
		{ "a refusal has no text", "-ERR [IN-USE] no\r\n+OK\r\n.\r\n",
		    "E[IN-USE] noO$" },
		{ "a dot at a begin is removed once (RFC 1939 3)",
		    "+OK\r\n..\r\n...b\r\n.\r\n", "O\".\n..b\n$" },
		{ "a dot behind a lone LF ends nothing",
		    "+OK\r\na\n.\r\nb\r\n.\r\n", "O\"a\n.\nb\n$" },
		{ "a dot before a lone LF ends nothing", "+OK\r\n.\nb\r\n.\r\n",
		    "O\"\nb\n$" },
		{ "a lone CR is a blank", "+OK\r\na\rb\r\r\n.\r\n",
		    "O\"a b \n$" },
		{ "a dot and a CR in a line", "+OK\r\n.\rb\r\n.\r\n",
		    "O\" b\n$" },
		{ "a challenge", "+ PDE4OTY=\r\n", "CPDE4OTY=" },
		{ "an empty challenge", "+\r\n", "C" },
		{ "two replies in one piece", "-ERR a\r\n-ERR b\r\n", "EaEb" },
		{ "replies may end in LF", "-ERR a\n", "Ea" },
		{ "what is no POP3", "* OK imap\r\n+OK\r\n", "!" },
		{ "a word that only begins like +OK", "+OKAY\r\n", "!" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		for (size_t step = 1; step < 40; step++) {
			struct buf events = BUF_INIT(4096);

			run(cases[i].input, strlen(cases[i].input), step,
			    &events);
			assert_slice(buf_slice(&events), cases[i].events);
			buf_free(&events);
		}
	}
}

static void
a_reply_has_a_limit(void **state)
{
	struct buf events = BUF_INIT(4096);
	char line[POP3_LINE_MAX + 10];

	(void)state;
	(void)memset(line, 'a', sizeof line);
	(void)memcpy(line, "+OK ", 4);
	run(line, sizeof line, 1000, &events);
	assert_int_equal(events.p[0], '!');
	buf_free(&events);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_and_texts_come_apart),
		cmocka_unit_test(a_reply_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
