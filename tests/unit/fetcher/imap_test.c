#include "tests/unit/test.h"

#include <stdlib.h>

#include "core/buf.h"
#include "fetcher/imap.h"
#include "fetcher/imap_fetch.h"

static void
note(struct buf *to, const struct imap_event *e, bool again)
{
	static const char *const marks[] = { "?", " S:", " C:", " ", " '",
		" nil", "(", ")", " B:", "$", ";", " !" };

	if (!again)
		(void)buf_add_text(to, marks[e->kind]);
	if (e->kind == IMAP_STATUS)
		(void)buf_addf(
		    to, "%.*s,%.*s,", SLICE_FMT(e->tag), SLICE_FMT(e->word));
	if (e->kind != IMAP_BROKEN && e->kind != IMAP_NIL)
		(void)buf_add_slice(to, e->text);
}

static void
run(const char *input, size_t n, size_t step, struct buf *to)
{
	struct imap imap;
	bool in_body = false;

	imap_init(&imap, 1000);
	for (size_t at = 0; at < n; at += step) {
		struct slice in = { input + at, at + step < n ? step : n - at };
		struct imap_event e;

		while ((e = imap_next(&imap, &in)).kind != IMAP_NEED_MORE) {
			note(to, &e, in_body && e.kind == IMAP_BODY);
			in_body = e.kind == IMAP_BODY;
			if (e.kind == IMAP_BROKEN)
				goto done;
		}
	}
done:
	imap_done(&imap);
}

static void
responses_become_events(void **state)
{
	static const struct {
		const char *name, *input, *events;
	} cases[] = {
		{ "a greeting", "* OK [CAPABILITY IMAP4rev1] hi (\"\r\n",
		    " S:*,OK,[CAPABILITY IMAP4rev1] hi (\"" },
		{ "a tagged reply", "H1 NO [AUTHENTICATIONFAILED] no\r\n",
		    " S:H1,NO,[AUTHENTICATIONFAILED] no" },
		{ "a status without text", "H1 OK\r\n", " S:H1,OK," },
		{ "a challenge", "+ PDE4OTY=\r\n", " C:PDE4OTY=" },
		{ "an empty challenge", "+ \r\n+\r\n", " C: C:" },
		{ "a word alone", "* SEARCH\r\n", " SEARCH;" },
		{ "numbers", "* SEARCH 2 84\r\n", " SEARCH 2 84;" },
		{ "lists in lists", "* LIST (\\A (\\B)) \"/\" NIL\r\n",
		    " LIST( \\A( \\B)) '/ nil;" },
		{ "escapes in a quoted string", "* X \"a\\\"b\\\\\"\r\n",
		    " X 'a\"b\\;" },
		{ "a literal is a string", "* X {3}\r\na\"b\r\n", " X 'a\"b;" },
		{ "other literals (RFC 7888, RFC 3516)",
		    "* X {1+}\r\na ~{1}\r\nb\r\n", " X 'a 'b;" },
		{ "an empty literal", "* X {0}\r\n\r\n", " X ';" },
		{ "a body comes by itself",
		    "* 1 FETCH (BODY[] {4}\r\na\r\nb UID 5)\r\n",
		    " 1 FETCH( BODY[] B:a\r\nb$ UID 5);" },
		{ "what looks like a reply in a message is none",
		    "* 1 FETCH (BODY[] {9}\r\nH1 OK x\r\n)\r\nH1 OK\r\n",
		    " 1 FETCH( BODY[] B:H1 OK x\r\n$); S:H1,OK," },
		{ "a section has blanks and parentheses",
		    "* 1 FETCH (BODY[HEADER.FIELDS (A B)] \"x\")\r\n",
		    " 1 FETCH( BODY[HEADER.FIELDS (A B)] B:x$);" },
		{ "no body", "* 1 FETCH (BODY[] NIL UID 5)\r\n",
		    " 1 FETCH( BODY[] nil UID 5);" },
		{ "a stray parenthesis", "* X )\r\n", " X !" },
		{ "an unclosed one", "* X (\r\n", " X( !" },
		{ "a line end in quotes", "* X \"a\r\n", " X !" },
		{ "a literal that is too long", "* X {1001}\r\n", " X !" },
		{ "what is no IMAP", "+OK pop3\r\n", " !" },
		{ "nothing", "\r\n", " !" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		for (size_t step = 1; step < 60; step++) {
			struct buf events = BUF_INIT(4096);

			run(cases[i].input, strlen(cases[i].input), step,
			    &events);
			assert_slice(buf_slice(&events), cases[i].events);
			buf_free(&events);
		}
	}
}

static void
parentheses_have_a_limit(void **state)
{
	struct buf events = BUF_INIT(4096);
	const char *input = "* X ((((((((((((((((((((((";

	(void)state;
	run(input, strlen(input), 1, &events);
	assert_int_equal(events.p[events.n - 1], '!');
	buf_free(&events);
}

static void
items_of_a_fetch_come_in_any_order(void **state)
{
	static const struct {
		const char *name, *input, *fields;
	} cases[] = {
		{ "as asked for", "* 1 FETCH (UID 7 RFC822.SIZE 20)\r\n",
		    "7 20 0 - no" },
		{ "the other way round, with flags between",
		    "* 1 FETCH (RFC822.SIZE 20 FLAGS (\\Seen $x \\Flagged) UID "
		    "7)\r\n",
		    "7 20 0 FS no" },
		{ "with what nobody asked for",
		    "* 1 FETCH (X-GM-LABELS (\"UID\" 9) MODSEQ (5) UID 7)\r\n",
		    "7 0 0 - no" },
		{ "a date",
		    "* 1 FETCH (UID 7 INTERNALDATE \"24-Nov-2026 09:00:00 "
		    "+0100\")\r\n",
		    "7 0 1795507200 - no" },
		{ "a body before the uid",
		    "* 1 FETCH (BODY[] {1}\r\nx UID 7)\r\n", "7 0 0 - yes" },
		{ "no body", "* 1 FETCH (BODY[] NIL UID 7)\r\n", "7 0 0 - no" },
		{ "an empty body", "* 1 FETCH (BODY[] {0}\r\n UID 7)\r\n",
		    "7 0 0 - no" },
		{ "another response before it",
		    "* 5 EXISTS\r\n* 1 FETCH (UID 7)\r\n", "7 0 0 - no" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct imap_fetch fetch = imap_fetch_start();
		struct slice in = slice_of(cases[i].input);
		struct buf fields = BUF_INIT(4096);
		struct imap_event e;
		struct imap imap;

		CASE(cases[i].name);
		imap_init(&imap, 1000);
		do {
			e = imap_next(&imap, &in);
			assert_int_not_equal(e.kind, IMAP_NEED_MORE);
		} while (imap_fetch_take(&fetch, &e) != IMAP_FETCH_DONE);
		(void)buf_addf(&fields, "%llu %llu %lld %s %s",
		    (unsigned long long)fetch.uid,
		    (unsigned long long)fetch.size, (long long)fetch.date,
		    fetch.flags[0] != '\0' ? fetch.flags : "-",
		    fetch.has_body ? "yes" : "no");
		assert_slice(buf_slice(&fields), cases[i].fields);
		buf_free(&fields);
		imap_done(&imap);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses_become_events),
		cmocka_unit_test(parentheses_have_a_limit),
		cmocka_unit_test(items_of_a_fetch_come_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
