#include "tests/unit/test.h"

#include "core/header.h"

static void
fields_come_one_by_one(void **state)
{
	const struct slice message =
	    SLICE("Received: from a\r\n\tby b\r\nSubject : Hi\n"
		  "X-Empty:\n\nBody: no field\n");
	struct header_walk walk = header_start(message);
	struct arena arena = ARENA_INIT;
	struct header_field field;

	(void)state;
	assert_true(header_next(&walk, &field));
	assert_slice(field.name, "Received");
	assert_slice(header_unfold(&arena, field.value), "from a\tby b");
	assert_slice(field.whole, "Received: from a\r\n\tby b\r\n");
	assert_true(header_next(&walk, &field));
	assert_slice(field.name, "Subject");
	assert_slice(field.value, "Hi");
	assert_true(header_next(&walk, &field));
	assert_slice(field.name, "X-Empty");
	assert_slice(field.value, "");
	assert_false(header_next(&walk, &field));
	assert_slice(
	    slice_tail(message, header_length(message)), "\nBody: no field\n");
	arena_done(&arena);
}

static void
odd_headers_end_without_harm(void **state)
{
	static const struct {
		const char *name;
		struct slice message;
		size_t fields;
	} cases[] = {
		{ "nothing at all", { "", 0 }, 0 },
		{ "an empty header block", { "\n\nbody", 6 }, 0 },
		{ "a line that begins with a colon", { ": x\n", 4 }, 0 },
		{ "a folded line first", { " x\nA: b\n", 8 }, 0 },
		{ "no line end at the end", { "A: b", 4 }, 1 },
		{ "a line without a colon ends it", { "A: b\nxyz\nC: d\n", 14 },
		    1 },
		{ "a NUL in a value", { "A: b\0c\n", 7 }, 1 },
		{ "a NUL in a name ends it", { "A\0: b\n", 6 }, 0 },
		{ "mbox' From line ends it", { "From a b\nA: b\n", 14 }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct header_walk walk = header_start(cases[i].message);
		struct header_field field;
		size_t n = 0;

		CASE(cases[i].name);
		while (header_next(&walk, &field))
			n++;
		assert_int_equal(n, cases[i].fields);
	}
}

static void
a_field_is_found_without_regard_to_case(void **state)
{
	struct header_field field;

	(void)state;
	assert_true(
	    header_find(SLICE("A: 1\nMESSAGE-ID: <x@y>\nMessage-Id: <z@y>\n\n"),
		SLICE("Message-ID"), &field));
	assert_slice(field.value, "<x@y>");
	assert_false(header_find(SLICE("A: 1\n\nB: 2\n"), SLICE("B"), &field));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_come_one_by_one),
		cmocka_unit_test(odd_headers_end_without_harm),
		cmocka_unit_test(a_field_is_found_without_regard_to_case),
	};

	return cmocka_run_group_tests_name("core/header", tests, NULL, NULL);
}
