#include "tests/unit/test.h"

#include <dirent.h>
#include <stdio.h>

#include "listmgr/letter.h"

static const struct letter_word words[] = {
	{ SLICE("list"), SLICE("news@example.org") },
	{ SLICE("url"), { "", 0 } },
	{ SLICE("odd"), SLICE("{list}\n.\n") },
};

static void
words_are_filled_in(void **state)
{
	static const struct {
		const char *name, *text, *filled;
	} cases[] = {
		{ "a word", "to {list}.\n", "to news@example.org.\n" },
		{ "several", "{list},{list}\n",
		    "news@example.org,news@example.org\n" },
		{ "a line whose word is empty is left out", "a\nSee {url}\nb\n",
		    "a\nb\n" },
		{ "an unknown word stays", "{lits}\n", "{lits}\n" },
		{ "a word is not filled in again", "{odd}\n", "{list}\n.\n\n" },
		{ "a brace that is not closed", "a { b\n{list\n",
		    "a { b\n{list\n" },
		{ "braces within", "{{list}}\n", "{{list}}\n" },
		{ "a last line without end", "a", "a\n" },
		{ "nothing", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO_BUF struct buf to = BUF_INIT(1000);

		CASE(cases[i].name);
		letter_fill(&to, slice_of(cases[i].text), words, COUNT(words));
		assert_slice(buf_slice(&to), cases[i].filled);
	}
}

static struct letter
some_letter(void)
{
	return (struct letter){ .text = SLICE("Subject: Grüße\n\nSchön.\n"),
		.words = words,
		.n_words = COUNT(words),
		.from = SLICE("news+owner@example.org"),
		.to = SLICE("anna@elsewhere.example"),
		.message_id = SLICE("letter.7@example.org"),
		.list = SLICE("news@example.org"),
		.language = SLICE("de"),
		.date = 0 };
}

static void
a_letter_is_a_mail(void **state)
{
	AUTO_BUF struct buf to = BUF_INIT(10000);
	struct letter letter = some_letter();

	(void)state;
	letter_compose(&to, &letter);
	assert_false(buf_failed(&to));
	assert_slice(buf_slice(&to),
	    "From: <news+owner@example.org>\nTo: <anna@elsewhere.example>\n"
	    "Subject: =?utf-8?B?R3LDvMOfZQ==?=\n"
	    "Date: Thu, 01 Jan 1970 00:00:00 +0000\n"
	    "Message-ID: <letter.7@example.org>\n"
	    "Auto-Submitted: auto-generated\nPrecedence: bulk\n"
	    "X-Auto-Response-Suppress: All\nX-Loop: news@example.org\n"
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n"
	    "Content-Language: de\n\nSch=C3=B6n.\n");
}

static bool
has(const struct buf *mail, const char *text)
{
	return strstr(buf_text(mail), text) != NULL;
}

static void
an_answer_says_what_it_answers(void **state)
{
	static const struct {
		const char *name, *id;
		bool named;
	} cases[] = {
		{ "a Message-ID", "<1@x>", true },
		{ "none", "", false },
		{ "a line end in it", "<1\nBcc: a@b>", false },
		{ "a blank in it", "<1 2>", false },
		{ "8 bits in it", "<\303\274@x>", false },
		{ "without brackets", "1@x", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO_BUF struct buf to = BUF_INIT(10000);
		struct letter letter = some_letter();

		CASE(cases[i].name);
		letter.answers = slice_of(cases[i].id);
		letter.replied = true;
		letter_compose(&to, &letter);
		assert_int_equal(
		    has(&to, "\nIn-Reply-To: <1@x>\nReferences: <1@x>\n"),
		    cases[i].named);
		assert_true(has(&to, "\nAuto-Submitted: auto-replied\n"));
		assert_false(has(&to, "Bcc"));
	}
}

static void
mails_follow_as_parts(void **state)
{
	AUTO_BUF struct buf to = BUF_INIT(10000);
	struct letter letter = some_letter();

	(void)state;
	letter.boundary = "b1";
	letter_compose(&to, &letter);
	letter_add_mail(&to, "b1");
	letter_end(&to, "b1");
	assert_true(has(&to, "; boundary=\"b1\"\n"));
	assert_true(has(&to, "\n\n--b1\nContent-Type: text/plain"));
	assert_true(has(&to, "\n--b1\nContent-Type: message/rfc822\n"
			     "Content-Transfer-Encoding: 8bit\n\n\n--b1--\n"));
}

static void
a_letter_about_receiving_says_how_to_leave(void **state)
{
	AUTO_BUF struct buf to = BUF_INIT(10000);
	struct letter letter = some_letter();

	(void)state;
	letter.list_id = SLICE("news.example.org");
	letter.leave = SLICE("news+unsubscribe@example.org");
	letter_compose(&to, &letter);
	assert_true(has(&to, "\nList-Id: <news.example.org>\nList-Unsubscribe: "
			     "<mailto:news+unsubscribe@example.org>\n"));
}

/* --- the texts that we have
 * --------------------------------------------------- */

static size_t
read_text(const char *language, const char *name, char *text, size_t size)
{
	char path[300];
	FILE *file;
	size_t n;

	(void)snprintf(
	    path, sizeof path, "listmgr/texts/%s/%s", language, name);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s is missing", path);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return n;
}

/* Every word of one text is in the other: none was forgotten. */
static void
assert_same_words(const char *text, const char *other)
{
	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{')) {
		const char *end = strchr(p, '}');
		char word[40] = "";

		assert_non_null(end);
		assert_true(end - p < (long)sizeof word - 1);
		memcpy(word, p, (size_t)(end - p) + 1);
		if (strstr(other, word) == NULL)
			fail_msg("%s is missing", word);
	}
}

static void
every_text_is_there_in_both_languages(void **state)
{
	DIR *directory = opendir("listmgr/texts/en");
	char de[8192], en[8192];
	size_t n = 0;

	(void)state;
	assert_non_null(directory);
	for (struct dirent *e; (e = readdir(directory)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		CASE(e->d_name);
		(void)read_text("de", e->d_name, de, sizeof de);
		(void)read_text("en", e->d_name, en, sizeof en);
		assert_same_words(de, en);
		assert_same_words(en, de);
		assert_true(slice_is_text(slice_of(de)));
		n++;
	}
	(void)closedir(directory);
	assert_true(n >= 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_filled_in),
		cmocka_unit_test(a_letter_is_a_mail),
		cmocka_unit_test(an_answer_says_what_it_answers),
		cmocka_unit_test(mails_follow_as_parts),
		cmocka_unit_test(a_letter_about_receiving_says_how_to_leave),
		cmocka_unit_test(every_text_is_there_in_both_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
