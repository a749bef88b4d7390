#include "tests/unit/test.h"

#include "core/entity.h"

static void
header_and_body_are_told_apart(void **state)
{
	static const struct {
		const char *name, *octets, *header, *body;
	} cases[] = {
		{ "LF", "A: 1\n\nbody\n", "A: 1\n", "body\n" },
		{ "CRLF", "A: 1\r\n\r\nbody", "A: 1\r\n", "body" },
		{ "no header", "\nbody", "", "body" },
		{ "no empty line: that line is body", "A: 1\nbody\n", "A: 1\n",
		    "body\n" },
		{ "nothing", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entity e = entity_of(slice_of(cases[i].octets));

		CASE(cases[i].name);
		assert_slice(e.header, cases[i].header);
		assert_slice(e.body, cases[i].body);
	}
}

static void
types_and_their_parameters_are_read(void **state)
{
	static const struct {
		const char *name, *header, *type, *param, *value;
	} cases[] = {
		{ "a token", "Content-Type: Text/Plain; charset=utf-8\n",
		    "Text/Plain", "charset", "utf-8" },
		{ "quotes and a backslash",
		    "content-type: a/b; x=1; name=\"q;\\\"=q\"; y=2\n", "a/b",
		    "name", "q;\"=q" },
		{ "a folded one, with comments",
		    "Content-Type: a/b (c);\n\t(d) boundary = xyz (e)\n",
		    "a/b (c)", "boundary", "xyz" },
		{ "the first of two", "Content-Type: a/b;c=1;c=2\n", "a/b", "c",
		    "1" },
		{ "no such parameter", "Content-Type: a/b; d=1\n", "a/b", "c",
		    NULL },
		{ "no field at all", "Subject: x\n", "text/plain", "charset",
		    NULL },
		{ "no type", "Content-Type: text; charset=x\n", "text/plain",
		    "charset", NULL },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entity_value type =
		    entity_type(slice_of(cases[i].header));
		struct slice value = { NULL, 0 };
		bool found = entity_param(
		    &arena, &type, slice_of(cases[i].param), &value);

		CASE(cases[i].name);
		assert_slice(type.name, cases[i].type);
		assert_int_equal(found, cases[i].value != NULL);
		if (found)
			assert_slice(value, cases[i].value);
	}
	arena_done(&arena);
}

static void
parts_come_one_by_one(void **state)
{
	static const struct {
		const char *name, *body;
		size_t n;
		const char *bodies[3];
		bool closed;
	} cases[] = {
		{ "two", "pre\n--b\nA: 1\n\none\n--b\n\ntwo\n\n--b--\nepi\n", 2,
		    { "one", "two\n" }, true },
		{ "CRLF and blanks behind a boundary",
		    "--b \r\n\r\none\r\n--b--\t\r\n", 1, { "one" }, true },
		{ "longer boundaries are others",
		    "--b\n\n--bb\n--b-\n--b--x\n--b--", 1,
		    { "--bb\n--b-\n--b--x" }, true },
		{ "no end", "--b\n\none\n", 1, { "one\n" }, false },
		{ "only an end", "x\n--b--\n", 0, { NULL }, true },
		{ "no boundary", "x\n-- b\n", 0, { NULL }, false },
		{ "an empty part", "--b\n--b--", 1, { "" }, true },
		{ "a boundary in the last line", "--b\n\na\n--b", 1, { "a" },
		    false },
		{ "nothing", "", 0, { NULL }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entity_walk walk =
		    entity_parts(slice_of(cases[i].body), SLICE("b"));
		struct entity part;
		size_t n = 0;

		CASE(cases[i].name);
		for (; entity_next(&walk, &part); n++) {
			assert_true(n < cases[i].n);
			assert_slice(part.body, cases[i].bodies[n]);
		}
		assert_int_equal(n, cases[i].n);
		assert_int_equal(walk.closed, cases[i].closed);
		if (walk.closed)
			assert_memory_equal(
			    cases[i].body + walk.position, "--b--", 5);
	}
}

static void
an_empty_boundary_has_no_parts(void **state)
{
	struct entity_walk walk =
	    entity_parts(SLICE("--\n\na\n----\n"), SLICE(""));
	struct entity part;

	(void)state;
	assert_false(entity_next(&walk, &part));
	assert_true(entity_has_boundary(SLICE("x\n--bc\n"), SLICE("b")));
	assert_false(entity_has_boundary(SLICE("x--b\n--a"), SLICE("b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_body_are_told_apart),
		cmocka_unit_test(types_and_their_parameters_are_read),
		cmocka_unit_test(parts_come_one_by_one),
		cmocka_unit_test(an_empty_boundary_has_no_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
