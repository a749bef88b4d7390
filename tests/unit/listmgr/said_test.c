#include "tests/unit/test.h"

#include "listmgr/said.h"

static void
the_first_plain_text_is_found(void **state)
{
	static const struct {
		const char *name, *message, *text;
	} cases[] = {
		{ "no MIME", "Subject: x\n\nhello\n", "hello\n" },
		{ "base64 in Latin-1",
		    "Content-Type: text/plain; charset=iso-8859-1\n"
		    "Content-Transfer-Encoding: base64\n\n/A==\n",
		    "\303\274" },
		{ "the plain alternative",
		    "Content-Type: multipart/alternative; boundary=b\n\n"
		    "--b\nContent-Type: text/html\n\n<p>x\n"
		    "--b\nContent-Type: text/plain\n\nhello\n--b--\n",
		    "hello" },
		{ "not of an attached mail",
		    "Content-Type: message/rfc822\n\nSubject: x\n\nhello\n",
		    "" },
		{ "HTML only", "Content-Type: text/html\n\nhello\n", "" },
		{ "nothing at all", "", "" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_slice(said_text(&arena, slice_of(cases[i].message)),
		    cases[i].text);
	}
	arena_done(&arena);
}

static void
a_command_is_a_word_alone(void **state)
{
	static const struct {
		const char *name, *subject, *text;
		enum said_command command;
	} cases[] = {
		{ "in the subject", " Subscribe ", "x", SAID_SUBSCRIBE },
		{ "in the first line", "", "\n\n unsubscribe\r\nsubscribe\n",
		    SAID_UNSUBSCRIBE },
		{ "help", "help", "", SAID_HELP },
		{ "end", "Hi", "end\nsubscribe\n", SAID_END },
		{ "a list or an address behind it is no command",
		    "subscribe news victim@example.com", "", SAID_NOTHING },
		{ "in the second line", "", "Hello\nsubscribe\n",
		    SAID_NOTHING },
		{ "nothing", "", "", SAID_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_int_equal(said_command(slice_of(cases[i].subject),
				     slice_of(cases[i].text)),
		    cases[i].command);
	}
}

static void
a_reason_ends_where_the_quote_begins(void **state)
{
	static const struct {
		const char *name, *text, *reason;
	} cases[] = {
		{ "all of it", "Off topic.\n", "Off topic." },
		{ "above a quote", "No.\n\nSorry.\n> text\nmore\n",
		    "No.\n\nSorry." },
		{ "above its introduction",
		    "No.\n\nAm 1.2. um 3 schrieb Anna:\n> x\n", "No." },
		{ "above a signature", "No.\n-- \nOlga\n", "No." },
		{ "above Outlook's line",
		    "No.\n-----Original Message-----\nFrom: x\n", "No." },
		{ "only a quote", "> x\n", "" },
		{ "nothing", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_slice(
		    said_reason(slice_of(cases[i].text)), cases[i].reason);
	}
}

static void
a_long_reason_is_cut_between_characters(void **state)
{
	char text[2 * SAID_REASON_MAX];

	(void)state;
	text[0] = 'x';
	for (size_t i = 1; i + 1 < sizeof text; i += 2)
		memcpy(text + i, "\303\274", 2);
	assert_int_equal(said_reason((struct slice){ text, sizeof text - 1 }).n,
	    SAID_REASON_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_plain_text_is_found),
		cmocka_unit_test(a_command_is_a_word_alone),
		cmocka_unit_test(a_reason_ends_where_the_quote_begins),
		cmocka_unit_test(a_long_reason_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
