#include "fetcher/imap_rules.h"

#include "tests/unit/test.h"

static void
a_pattern_fits(void **state)
{
	static const struct {
		const char *name, *pattern, *folder;
		bool fits;
	} cases[] = {
		{ "a name is itself", "Work", "Work", true },
		{ "and no other", "Work", "Works", false },
		{ "an asterisk is anything", "*", "Work/2026", true },
		{ "and nothing", "Work*", "Work", true },
		{ "behind what stands before it", "Work/*", "Work", false },
		{ "before what stands behind it", "*/2026", "Work/2026", true },
		{ "which must be the end", "*/2026", "Work/2026/May", false },
		{ "between both", "W*6", "Work/2026", true },
		{ "which may not share octets", "ab*ba", "aba", false },
		{ "several", "*o*2*", "Work/2026", true },
		{ "in their order", "*2*o*", "Work/2026", false },
		{ "the last one of many", "*a", "aaaaab", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_int_equal(imap_rules_fits(slice_of(cases[i].pattern),
				     slice_of(cases[i].folder)),
		    cases[i].fits);
	}
}

static void
the_first_rule_counts(void **state)
{
	static const struct slice rules[] = { { "Spam=-", 6 },
		{ "Sent=INBOX", 10 }, { "inbox", 5 }, { "Work/*=Job/Old", 14 },
		{ "Trash", 5 }, { "*=Rest", 6 } };
	static const struct {
		const char *name, *folder;
		bool aside, fetched;
		const char *place; /* NULL: as the account has it */
	} cases[] = {
		{ "not at all", "Spam", false, false, NULL },
		{ "through the filters", "Sent", false, true, "" },
		{ "INBOX in any case", "INBOX", false, true, NULL },
		{ "to a place of its own", "Work/2026", false, true,
		    "Job.Old" },
		{ "the others", "Lists", false, true, "Rest" },
		{ "not drafts, which no pattern takes", "Drafts", true, false,
		    NULL },
		{ "the trash where it is named", "Trash", true, true, NULL },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice place = { NULL, 0 };

		CASE(cases[i].name);
		assert_int_equal(
		    imap_rules_find(&arena, rules, COUNT(rules),
			slice_of(cases[i].folder), cases[i].aside, &place),
		    cases[i].fetched);
		if (cases[i].fetched)
			assert_true(
			    slice_eq(place, slice_of(cases[i].place)) &&
			    (place.p == NULL) == (cases[i].place == NULL));
	}
	assert_false(imap_rules_plain(rules, COUNT(rules)));
	assert_true(imap_rules_plain(rules + 2, 1));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_fits),
		cmocka_unit_test(the_first_rule_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
