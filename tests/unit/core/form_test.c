#include "tests/unit/test.h"

#include "core/form.h"
#include "core/percent.h"

static void
queries_are_written_as_they_are_read(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice text = SLICE("a+\"<&>%= \xC3\xBC@x.example"), back;
	struct slice form = slice_of(arena_printf(
	    &arena, "q=%.*s", SLICE_FMT(percent_encode(&arena, text))));

	(void)state;
	assert_true(form_find(form, SLICE("q"), &arena, &back));
	assert_true(slice_eq(back, text));
	arena_done(&arena);
}

static void
a_browser_writes_a_blank_as_plus(void **state)
{
	static const struct {
		const char *name, *form, *want;
	} cases[] = {
		{ "a plus is a blank", "a=x+y", "x y" },
		{ "a written plus is one", "a=x%2By", "x+y" },
		{ "a missing field is empty", "b=x", "" },
		{ "an empty field is empty", "a=&a=x", "" },
		{ "a name alone has an empty value", "a&a=x", "" },
		{ "names are decoded too", "%61=x", "x" },
		{ "a percent sign that escapes nothing stays", "a=%zz%",
		    "%zz%" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_slice(
		    form_get(slice_of(cases[i].form), SLICE("a"), &arena),
		    cases[i].want);
	}
	arena_done(&arena);
}

static void
an_address_keeps_its_plus(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice value;

	(void)state;
	assert_true(form_find(
	    SLICE("Email=office+x@x.example"), SLICE("email"), &arena, &value));
	assert_slice(value, "office+x@x.example");
	assert_false(form_find(SLICE("a=1"), SLICE("email"), &arena, &value));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_written_as_they_are_read),
		cmocka_unit_test(a_browser_writes_a_blank_as_plus),
		cmocka_unit_test(an_address_keeps_its_plus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
