#include "cli/difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOPS_MAX = 6 };

/* Trees are written as names below each other: "a b c" is a, in it b … */
static const struct {
	const char *says;
	const char *before, *after;
	const char *want;
} cases[] = {
	{ "what is the same stays", "q a b", "q a b",
	    "   q        250 2.1.5 ok\n"
	    "     k a\n"
	    "       k b\n" },
	{ "what goes has a minus", "q a b", "q a",
	    "   q        250 2.1.5 ok\n"
	    "     k a\n"
	    "-      k b\n" },
	{ "what comes has a plus", "q a", "q a b",
	    "   q        250 2.1.5 ok\n"
	    "     k a\n"
	    "+      k b\n" },
	{ "what goes stands before what comes for it", "q a", "q b",
	    "   q      250 2.1.5 ok\n"
	    "-    k a\n"
	    "+    k b\n" },
	{ "the same name deeper is another line", "q a", "q b a",
	    "   q        250 2.1.5 ok\n"
	    "-    k a\n"
	    "+    k b\n"
	    "+      k a\n" },
	{ "all may go", "q a b", "r",
	    "-  q        250 2.1.5 ok\n"
	    "-    k a\n"
	    "-      k b\n"
	    "+  r        250 2.1.5 ok\n" },
};

static struct explanation
chain(struct arena *arena, const char *names)
{
	struct explanation e = { .hops = arena_calloc(
				     arena, HOPS_MAX, sizeof *e.hops) };
	struct slice rest = slice_of(names), name;

	for (; slice_cut(&rest, ' ', &name); e.n++) {
		struct hop *hop = &e.hops[e.n];

		assert_true(e.n < HOPS_MAX);
		hop->parent = (long)e.n - 1;
		hop->depth = (long)e.n;
		hop->kind = SLICE("k");
		hop->name = name;
		hop->code = 250;
		hop->dsn = SLICE("2.1.5");
		hop->reply = SLICE("ok");
	}
	return e;
}

static void
two_trees_are_printed_as_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cli cli = { .arena = ARENA_INIT };
		struct explanation before = chain(&cli.arena, cases[i].before),
				   after = chain(&cli.arena, cases[i].after);
		char *got = NULL;
		size_t n = 0;
		FILE *out = open_memstream(&got, &n);

		print_message("  %s\n", cases[i].says);
		assert_non_null(out);
		difference_print(&cli, &before, &after, out);
		(void)fclose(out);
		assert_string_equal(got, cases[i].want);
		free(got);
		arena_done(&cli.arena);
	}
}

static void
json_says_whether_they_differ(void **state)
{
	struct cli cli = { .arena = ARENA_INIT };
	struct explanation a = chain(&cli.arena, "q a"),
			   b = chain(&cli.arena, "q b");
	json_t *same = difference_json(&a, &a);
	json_t *other = difference_json(&a, &b);

	(void)state;
	assert_true(json_is_false(json_object_get(same, "differs")));
	assert_true(json_is_true(json_object_get(other, "differs")));
	json_decref(same);
	json_decref(other);
	arena_done(&cli.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_trees_are_printed_as_one),
		cmocka_unit_test(json_says_whether_they_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
