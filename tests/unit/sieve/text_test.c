#include "tests/unit/test.h"

#include "sieve/address.h"
#include "sieve/datetime.h"
#include "sieve/encoded_word.h"
#include "sieve/glob.h"
#include "sieve/header_write.h"
#include "sieve/html.h"
#include "sieve/mailto.h"
#include "sieve/regex.h"

/* ---- Address lists ---- */

static const struct {
	const char *name, *list, *all; /* texts of all, "|" behind each */
} lists[] = {
	{ "an ordinary one", "Anna <anna@example.org>", "anna@example.org|" },
	{ "two, with a comma in quotes", "\"A, B\" <a@b.example>, c@d.example",
	    "a@b.example|c@d.example|" },
	{ "comments nest", "a (one (two) \\) ) @ b.example (x)",
	    "a@b.example|" },
	{ "a group is its members", "g: a@b.example, c@d.example;, e@f.example",
	    "a@b.example|c@d.example|e@f.example|" },
	{ "an empty group is nobody", "undisclosed-recipients:;", "" },
	{ "a route is ignored", "<@r.example,@s.example:a@b.example>",
	    "a@b.example|" },
	{ "blanks around dots, as long ago", "<a . b @ c . example>",
	    "a.b@c.example|" },
	{ "a quoted local part stays quoted", "\"a b\"@c.example",
	    "\"a b\"@c.example|" },
	{ "needless quotes vanish", "\"ab\"@c.example", "ab@c.example|" },
	{ "an address literal", "a@[192.0.2.1]", "a@[192.0.2.1]|" },
	{ "what is none is given as it stands", "a b c, d@e.example",
	    "a b c|d@e.example|" },
	{ "a broken one does not hide the next", "x <y, d@e.example",
	    "x <y|d@e.example|" },
	{ "folded", "a@b.example,\r\n c@d.example",
	    "a@b.example|c@d.example|" },
	{ "a copy beside a copy is not one text (15 octets fill a cell)",
	    "a234567890123 . 5@ b . c",
	    "a234567890123.5@b.c|" },
	{ "two words are no domain", "a@b c", "a@b c|" },
	{ "nothing but commas", ", ,;,", "" },
	{ "a quote that never ends", "\"a@b.example", "\"a@b.example|" },
	{ "the empty address", "<>", "<>|" },
};

static void
address_lists_are_walked(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct address_walk walk =
		    address_start(&arena, slice_of(lists[i].list));
		struct address address;
		char all[200] = "";

		CASE(lists[i].name);
		while (address_next(&walk, &address)) {
			struct slice text =
			    address.text.n > 0 ? address.text : SLICE("<>");

			(void)strncat(all, text.p, text.n);
			(void)strcat(all, "|");
		}
		assert_string_equal(all, lists[i].all);
	}
	arena_done(&arena);
}

/* ---- Dates ---- */

static const struct {
	const char *name, *text;
	long long at; /* -1: no date */
	int zone;
} dates[] = {
	{ "RFC 5322's own form", "Fri, 21 Nov 1997 09:55:06 -0600", 880127706,
	    -360 },
	{ "without weekday and seconds", "1 Jan 1970 00:00 +0000", 0, 0 },
	{ "comments and blanks",
	    " Thu (x) , 1 (y) Jan 1970 00 : 00 : 10 GMT (z)", 10, 0 },
	{ "a year of two digits (RFC 5322 4.3)", "1 Jan 70 00:00:00 +0000", 0,
	    0 },
	{ "a zone by name", "1 Jan 1970 00:00:00 EST", 18000, -300 },
	{ "a leap day", "29 Feb 2000 00:00:00 +0000", 951782400, 0 },
	{ "no month", "1 Foo 1970 00:00:00 +0000", -1, 0 },
	{ "hour 25", "1 Jan 1970 25:00:00 +0000", -1, 0 },
	{ "nothing", "", -1, 0 },
	{ "an open comment", "(", -1, 0 },
};

static void
dates_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		int64_t at = -1;
		int zone = 0;

		CASE(dates[i].name);
		assert_int_equal(
		    datetime_parse(slice_of(dates[i].text), &at, &zone),
		    dates[i].at >= 0);
		assert_int_equal(at, dates[i].at);
		assert_int_equal(zone, dates[i].zone);
	}
}

/* ---- Header text ---- */

static const struct {
	const char *name, *raw, *text;
} texts[] = {
	{ "plain text", "hello", "hello" },
	{ "q", "=?utf-8?q?Gr=C3=BC=C3=9Fe_an?= all",
	    "Gr\xC3\xBC\xC3\x9F"
	    "e an all" },
	{ "b, in another charset",
	    "=?ISO-8859-1?B?5Pb8?=", "\xC3\xA4\xC3\xB6\xC3\xBC" },
	{ "blanks between two words go", "=?utf-8?q?a?=\r\n =?utf-8?q?b?= c",
	    "ab c" },
	{ "blanks before a plain word stay", "=?utf-8?q?a?=  b", "a  b" },
	{ "a character split between words",
	    "=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "\xC3\xA4" },
	{ "a language (RFC 2231 5)", "=?utf-8*de?q?a?=", "a" },
	{ "an unknown charset stays",
	    "=?x-elbonian?q?a?=", "=?x-elbonian?q?a?=" },
	{ "a charset that would be an option of iconv",
	    "=?utf-16//IGNORE?q?a?=", "=?utf-16//IGNORE?q?a?=" },
	{ "not well-formed", "=?utf-8?q?a", "=?utf-8?q?a" },
	{ "malformed UTF-8 is marked", "=?utf-8?q?a=FFb?=",
	    "a\xEF\xBF\xBD"
	    "b" },
	{ "unfolded", "a\r\n\tb", "a\tb" },
};

static void
encoded_words_are_decoded(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		CASE(texts[i].name);
		assert_slice(
		    encoded_word_decode(&arena, slice_of(texts[i].raw)),
		    texts[i].text);
	}
	arena_done(&arena);
}

static void
nul_in_an_encoded_word_is_an_octet_like_any_other(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice text =
	    encoded_word_decode(&arena, SLICE("=?utf-8?q?a=00b?="));

	(void)state;
	assert_int_equal(text.n, 3);
	assert_memory_equal(text.p, "a\0b", 3);
	arena_done(&arena);
}

static const char *const written[] = { "hello",
	"Gr\xC3\xBC\xC3\x9F"
	"e",
	"=?utf-8?q?no?= word", "",
	"a long text of many words that goes on and on, for longer than a line",
	"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
	"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
	"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
	"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC" };

static void
what_is_written_into_a_header_is_read_from_it(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(written); i++) {
		struct slice value = header_write(
		    &arena, 7, slice_of(written[i]), SLICE("\r\n"));

		CASE(written[i]);
		assert_slice(encoded_word_decode(&arena, value), written[i]);
	}
	assert_slice(
	    header_write(&arena, 7, SLICE("a\r\nBcc: b"), SLICE("\r\n")),
	    "a  Bcc: b");
	arena_done(&arena);
}

/* ---- Globs ---- */

static const struct {
	const char *pattern, *value, *captures; /* "|" behind each; NULL: no */
} globs[] = {
	{ "", "", "" },
	{ "*", "", "|" },
	{ "*", "abc", "abc|" },
	{ "a*c", "abbc", "bb|" },
	{ "*b*", "abcbd", "a|cbd|" },
	{ "?*", "abc", "a|bc|" },
	{ "*?", "abc", "ab|c|" },
	{ "*b?d", "abcbxd", "abc|x|" },
	{ "**", "ab", "|ab|" },
	{ "a\\*", "a*", "" },
	{ "a\\*", "ab", NULL },
	{ "\\?*", "?x", "x|" },
	{ "a", "A", "" },
	{ "a*b", "a", NULL },
	{ "*aab", "aaaaab", "aaa|" },
	{ "a\\", "a\\", "" },
};

static void
globs_match_and_capture_the_shortest(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(globs); i++) {
		struct slice list[8];
		struct glob_captures captures = { list, 0, 8 };
		uint64_t fuel = 1000;
		char all[100] = "";
		int r;

		CASE(globs[i].pattern);
		r = glob_match(slice_of(globs[i].pattern),
		    slice_of(globs[i].value), true, &captures, &fuel);
		assert_int_equal(r, globs[i].captures != NULL);
		for (size_t k = 0; r == 1 && k < captures.n; k++) {
			(void)strncat(all, list[k].p, list[k].n);
			(void)strcat(all, "|");
		}
		if (r == 1)
			assert_string_equal(all, globs[i].captures);
	}
}

static void
a_glob_that_takes_too_long_says_so(void **state)
{
	uint64_t fuel = 100;

	(void)state;
	assert_int_equal(glob_match(SLICE("*aaaab"),
			     SLICE("aaaaaaaaaaaaaaaaaaa"
				   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
			     false, NULL, &fuel),
	    -1);
	assert_int_equal(fuel, 0);
}

/* ---- Regular expressions ---- */

static const struct {
	const char *pattern, *value;
	int r; /* 1, 0, -1: does not compile */
} regexes[] = {
	{ "^a.c$", "abc", 1 },
	{ "a{2,3}", "xaax", 1 },
	{ "[]a]+$", "a]a", 1 },
	{ "[^]a]", "]a", 0 },
	{ "[a-c-]", "-", 1 },
	{ "[[:digit:]]{3}", "a123", 1 },
	{ "[[:frop:]]", "", -1 },
	{ "[[.a.]]", "", -1 },
	{ "\\d", "d", 1 }, /* POSIX: just the letter */
	{ "\\d", "1", 0 },
	{ "(a)\\1", "aa", 1 },
	{ "\\1", "", -1 },
	{ "(?i)a", "", -1 },
	{ "a**", "", -1 },
	{ "a*?", "", -1 },
	{ "*a", "", -1 },
	{ "a{3,2}", "", -1 },
	{ "a{1001}", "", -1 },
	{ "(a{40}){40}", "", -1 },
	{ "(a{30}){30}", "a", 0 },
	{ "(a", "", -1 },
	{ "a)", "", -1 },
	{ "[a", "", -1 },
	{ "a\\", "", -1 },
	{ "a|b", "b", 1 },
	{ "#x y", "#x y", 1 },
	{ "^\xC3\xA4$", "\xC3\x84", 1 }, /* case of any letter */
	{ "\xC3", "", -1 },
	{ "a",
	    "\xFF\xFE"
	    "a",
	    1 },
};

static void
posix_regular_expressions_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(regexes); i++) {
		const char *problem = NULL;
		struct slice groups[2];
		uint64_t fuel = 100000;
		pcre2_code *code = NULL;
		size_t n;
		int r;

		CASE(regexes[i].pattern);
		r = regex_compile(
		    slice_of(regexes[i].pattern), true, &code, &problem);
		if (regexes[i].r < 0) {
			assert_true(r < 0);
			assert_non_null(problem);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(regex_match(code, slice_of(regexes[i].value),
				     groups, 2, &n, &fuel),
		    regexes[i].r);
		pcre2_code_free(code);
	}
}

/* ---- The rest ---- */

static void
html_becomes_the_words_in_it(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_slice(
	    html_text(&arena,
		SLICE("<p>a &amp; b&#228;&frop;</p>"
		      "<style>x</style><!-- <b> -->c<script>y</script")),
	    "\na & b\xC3\xA4&frop;\nc");
	assert_slice(html_text(&arena, SLICE("a < b <")), "a ");
	arena_done(&arena);
}

static void
mailto_never_carries_a_line_end_into_a_header(void **state)
{
	struct arena arena = ARENA_INIT;
	struct mailto mailto;
	const char *problem;

	(void)state;
	assert_true(mailto_parse(&arena,
	    SLICE("mailto:a@b.example?"
		  "to=c@d.example&from=x@y.example&x-a=b&body=l%0D%0Am"),
	    &mailto, &problem));
	assert_int_equal(mailto.n_addresses, 2);
	assert_int_equal(mailto.n_headers, 1); /* From is not theirs to say */
	assert_slice(mailto.body, "l\r\nm");
	assert_false(mailto_parse(
	    &arena, SLICE("mailto:a@b.example?x=%0A"), &mailto, &problem));
	assert_false(mailto_parse(
	    &arena, SLICE("mailto:a@b.example?x=%0"), &mailto, &problem));
	assert_false(mailto_parse(
	    &arena, SLICE("mailto:a@b.example?x"), &mailto, &problem));
	assert_false(mailto_parse(
	    &arena, SLICE("mailto:a@b.example?x:y=z"), &mailto, &problem));
	assert_false(
	    mailto_parse(&arena, SLICE("http://a"), &mailto, &problem));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_lists_are_walked),
		cmocka_unit_test(dates_are_read),
		cmocka_unit_test(encoded_words_are_decoded),
		cmocka_unit_test(
		    nul_in_an_encoded_word_is_an_octet_like_any_other),
		cmocka_unit_test(what_is_written_into_a_header_is_read_from_it),
		cmocka_unit_test(globs_match_and_capture_the_shortest),
		cmocka_unit_test(a_glob_that_takes_too_long_says_so),
		cmocka_unit_test(posix_regular_expressions_are_understood),
		cmocka_unit_test(html_becomes_the_words_in_it),
		cmocka_unit_test(mailto_never_carries_a_line_end_into_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
