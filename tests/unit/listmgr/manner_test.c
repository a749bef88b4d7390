#include "tests/unit/test.h"

#include "listmgr/manner.h"

#define TO "To: news+subscribe@example.org\n"

static const struct {
	const char *name, *sender, *header;
	bool automatic, unanswerable;
} cases[] = {
	{ "a person's mail", "a@b.example", TO, false, false },
	{ "in Cc, with a name", "a@b.example",
	    "Cc: x@y.example, \"News\" <NEWS-request@Example.org>\n", false,
	    false },
	{ "a null sender", "", TO, true, true },
	{ "Auto-Submitted: no", "a@b.example", TO "Auto-Submitted: no\n", false,
	    false },
	{ "an absence notice (RFC 3834 5)", "a@b.example",
	    TO "auto-submitted: auto-replied (vacation)\n", true, true },
	{ "bulk mail", "a@b.example", TO "Precedence: Bulk\n", true, true },
	{ "another precedence", "a@b.example", TO "Precedence: urgent\n", false,
	    false },
	{ "a list's mail", "a@b.example", TO "List-Id: <x.y>\n", true, true },
	{ "Exchange", "a@b.example",
	    TO "X-Auto-Response-Suppress: OOF, AutoReply\n", true, true },
	{ "Exchange, about something else", "a@b.example",
	    TO "X-Auto-Response-Suppress: OOF\n", false, false },
	{ "our own letter", "a@b.example", TO "X-Loop: News@example.org\n",
	    true, true },
	{ "another list's loop mark", "a@b.example",
	    TO "X-Loop: news@example.com\n", false, false },
	{ "no-reply", "No-Reply@b.example", TO, false, true },
	{ "a mail system", "MAILER-DAEMON@b.example", TO, false, true },
	{ "owners of a list", "owner-x@b.example", TO, false, true },
	{ "another list's commands", "x-request@b.example", TO, false, true },
	{ "not written to the list", "a@b.example", "To: x@example.org\n",
	    false, true },
	{ "written to a longer name", "a@b.example",
	    "To: newspaper@example.org\n", false, true },
	{ "no header at all", "a@b.example", "", false, true },
};

static void
machines_are_known_by_what_they_write(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct manner mail = { slice_of(cases[i].header),
			slice_of(cases[i].sender), SLICE("news"),
			SLICE("example.org") };

		CASE(cases[i].name);
		assert_int_equal(
		    manner_automatic(&mail) != NULL, cases[i].automatic);
		assert_int_equal(manner_unanswerable(&arena, &mail) != NULL,
		    cases[i].unanswerable);
	}
	arena_done(&arena);
}

static void
nobody_asks_in_another_domains_name(void **state)
{
	static const struct {
		const char *name, *sender, *from;
		bool verified;
		const char *asker;
	} askers[] = {
		{ "both are alike", "A@b.example", "a@b.example", false,
		    "A@b.example" },
		{ "one domain", "bounce@b.example", "a@B.example", false,
		    "a@B.example" },
		{ "two domains", "x@c.example", "a@b.example", false, "" },
		{ "two domains, but proven", "x@c.example", "a@b.example", true,
		    "a@b.example" },
		{ "no From", "a@b.example", "", false, "a@b.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(askers); i++) {
		CASE(askers[i].name);
		assert_slice(manner_asker(slice_of(askers[i].sender),
				 slice_of(askers[i].from), askers[i].verified),
		    askers[i].asker);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines_are_known_by_what_they_write),
		cmocka_unit_test(nobody_asks_in_another_domains_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
