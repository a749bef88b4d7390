#include "tests/unit/test.h"

#include <errno.h>

#include "core/forwarding.h"

#define KEY "6b6579"

static void
rows_are_read_or_refused(void **state)
{
	static const struct {
		const char *name;
		const char *cells[3];
		size_t columns;
		size_t keys; /* 0: refused */
	} cases[] = {
		{ "a domain and its key", { "example.org", "t", KEY }, 3, 1 },
		{ "an old key as well", { "a.example", "f", KEY " 61" }, 3, 2 },
		{ "as many as are believed",
		    { "a.example", "t", "61 62 63 64 65 66 67 68" }, 3, 8 },
		{ "one more",
		    { "a.example", "t", "61 62 63 64 65 66 67 68 69" }, 3, 0 },
		{ "no key", { "a.example", "t", "" }, 3, 0 },
		{ "an empty key", { "a.example", "t", KEY "  " KEY }, 3, 0 },
		{ "half an octet", { "a.example", "t", "6b6" }, 3, 0 },
		{ "a key that is no hex", { "a.example", "t", "key!" }, 3, 0 },
		{ "no domain", { "", "t", KEY }, 3, 0 },
		{ "a column less", { "a.example", "t", "" }, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct slice cells[3];
		const struct rows rows = { 1, cases[i].columns, cells };
		struct forwarding how = { .keys.n = 0 };
		struct why why = { 0 };

		CASE(cases[i].name);
		for (size_t k = 0; k < 3; k++)
			cells[k] = slice_of(cases[i].cells[k]);
		assert_int_equal(forwarding_read(&arena, &rows, &how, &why),
		    cases[i].keys > 0 ? 0 : -EPROTO);
		assert_int_equal(how.keys.n, cases[i].keys);
		assert_int_equal(
		    why.verdict, cases[i].keys > 0 ? 0 : MAIL_TEMPFAIL);
		arena_done(&arena);
	}
}

static void
flags_of_spam_filters_are_known(void **state)
{
	static const struct {
		const char *header;
		bool spam;
	} cases[] = {
		{ "X-Spam-Flag: YES\n", true },
		{ "Subject: x\nx-spam-status:\n Yes, score=9\n", true },
		{ "X-Spam: yes\n", true },
		{ "X-Spam-Flag: NO\nX-Spam-Level: yes\n", false },
		{ "Subject: X-Spam: yes\n", false },
		{ "\nX-Spam: yes\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].header);
		assert_int_equal(forwarding_is_spam(slice_of(cases[i].header)),
		    cases[i].spam);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read_or_refused),
		cmocka_unit_test(flags_of_spam_filters_are_known),
	};

	return cmocka_run_group_tests_name("forwarding", tests, NULL, NULL);
}
