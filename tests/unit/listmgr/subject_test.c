#include "tests/unit/test.h"

#include "listmgr/subject.h"

static void
marks_and_prefixes_are_no_words(void **state)
{
	static const struct {
		const char *subject, *base;
	} cases[] = {
		{ "Hello", "Hello" },
		{ "Re: Hello", "Hello" },
		{ " RE : AW[2]: fwd: (x)", "(x)" },
		{ "Re: [club] AW: [Club 12] Hello", "Hello" },
		{ "Antwort: Antw^3: Sv: Hello", "Hello" },
		{ "Reform: Hello", "Reform: Hello" },
		{ "R\xC3\xA9: Hello", "R\xC3\xA9: Hello" },
		{ "Re: ", "Re:" },
		{ "[club]", "[club]" },
		{ "[unclosed Re: x", "[unclosed Re: x" },
		{ "re", "re" },
		{ "Re[", "Re[" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].subject);
		assert_slice(
		    subject_base(slice_of(cases[i].subject)), cases[i].base);
	}
}

static void
a_prefix_comes_once_and_behind_the_marks(void **state)
{
	static const struct {
		const char *prefix, *subject, *with; /* with NULL: has it */
	} cases[] = {
		{ "[club]", "Hello", "[club] Hello" },
		{ "[club] ", "Re: Hello", "Re: [club] Hello" },
		{ "[club]", "AW:Hello", "AW: [club] Hello" },
		{ "[club]", "AW: Re: WG: Hello", "Re: [club] Hello" },
		{ "[club]", "Re: [Club] Hello", NULL },
		{ "[club %n]", "Hello", "[club 17] Hello" },
		{ "[club %n]", "Re: [club 16] Hello", NULL },
		{ "[club %n]", "Re: [club x] Hello",
		    "Re: [club 17] [club x] Hello" },
		{ "[%n%]", "Hello", "[17%] Hello" },
		{ "[club]", "", "[club]" },
		{ "[club]", "Re:", "Re: [club]" },
		{ " ", "Hello", NULL },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice subject = slice_of(cases[i].subject);

		CASE(cases[i].subject);
		assert_int_equal(subject_add_prefix(&arena,
				     slice_of(cases[i].prefix), 17, &subject),
		    cases[i].with != NULL);
		if (cases[i].with != NULL)
			assert_slice(subject, cases[i].with);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_and_prefixes_are_no_words),
		cmocka_unit_test(a_prefix_comes_once_and_behind_the_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
