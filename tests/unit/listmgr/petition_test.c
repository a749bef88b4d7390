#include "tests/unit/test.h"

#include "listmgr/petition.h"

#define TO "To: news+help@example.org\n"
#define FROM "From: Anna <anna@a.example>\n"
#define OURS                                                                   \
	"Authentication-Results: mx.example; dmarc=pass "                      \
	"header.from=a.example\n"

static const struct {
	const char *name, *sender, *header, *asker, *language;
	bool answered;
} cases[] = {
	{ "a person", "anna@a.example", TO FROM, "anna@a.example", "", true },
	{ "another sender, whom nobody knows", "list@esp.example", TO FROM, "",
	    "", true },
	{ "another sender, and our filters verified From", "list@esp.example",
	    TO FROM OURS, "anna@a.example", "", true },
	{ "verified by somebody else", "list@esp.example",
	    TO FROM "Authentication-Results: esp.example; dmarc=pass"
		    " header.from=a.example\n",
	    "", "", true },
	{ "in German", "anna@a.example", TO FROM "Accept-Language: de-DE, en\n",
	    "anna@a.example", "de", true },
	{ "a machine", "anna@a.example", TO FROM "Auto-Submitted: yes\n",
	    "anna@a.example", "", false },
};

static void
a_mail_says_who_asks_and_in_which_language(void **state)
{
	static const struct settings settings = { .authserv_id = "mx.example" };
	struct listmgr listmgr = { .settings = &settings };
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mail mail = { .listmgr = &listmgr,
			.arena = &arena,
			.sender = slice_of(cases[i].sender),
			.list = { .name = SLICE("news"),
			    .domain = SLICE("example.org") },
			.message = slice_of(arena_printf(&arena,
			    "%sMessage-ID: <1@x>\n\nhi\n", cases[i].header)) };
		struct petition petition;

		CASE(cases[i].name);
		petition_read(&mail, &petition);
		assert_slice(petition.asker, cases[i].asker);
		assert_slice(petition.language, cases[i].language);
		assert_slice(petition.source, "mail <1@x>");
		assert_int_equal(
		    petition.unanswerable == NULL, cases[i].answered);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_says_who_asks_and_in_which_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
