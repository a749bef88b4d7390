#include "tests/unit/test.h"

#include <sodium.h>

#include "lmtpd/front/name.h"

static const struct slice secret = { "0123456789abcdef", 16 };
static const struct slice node = { "h01.hosting.example", 19 };

static struct slice
make(
    struct arena *arena, const char *id, const char *original, const char *leaf)
{
	const struct name_source from = { 1764000000, slice_of(id),
		slice_of(original), slice_of(leaf) };

	return name_make(arena, secret, node, &from);
}

static void
a_retry_has_the_same_name(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice name = make(&arena, "4F1A", "a@b", "m@mbox.h");

	(void)state;
	assert_slice(make(&arena, "4F1A", "a@b", "m@mbox.h"), name.p);
	assert_memory_equal(name.p, "1764000000.", 11);
	assert_string_equal(
	    name.p + name.n - node.n - 1, ".h01.hosting.example");
	arena_done(&arena);
}

static void
everything_else_has_another_one(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice name = make(&arena, "4F1A", "a@b", "m@mbox.h");
	struct slice other_key = SLICE("fedcba9876543210");
	const struct name_source from = { 1764000000, SLICE("4F1A"),
		SLICE("a@b"), SLICE("m@mbox.h") };

	(void)state;
	assert_false(slice_eq(name, make(&arena, "4F1B", "a@b", "m@mbox.h")));
	assert_false(slice_eq(name, make(&arena, "4F1A", "c@b", "m@mbox.h")));
	assert_false(slice_eq(name, make(&arena, "4F1A", "a@b", "n@mbox.h")));
	assert_false(slice_eq(name, make(&arena, "4F1Aa", "@b", "m@mbox.h")));
	assert_false(slice_eq(name, name_make(&arena, other_key, node, &from)));
	arena_done(&arena);
}

static void
a_name_stays_in_its_folder(void **state)
{
	struct arena arena = ARENA_INIT;
	const struct name_source from = { 1, SLICE("../../x"),
		SLICE("/etc/passwd"), SLICE("a:2,S") };
	struct slice name =
	    name_make(&arena, secret, SLICE("../h:01,x"), &from);

	(void)state;
	assert_int_equal(slice_find(name, '/'), -1);
	assert_int_equal(slice_find(name, ':'), -1);
	assert_int_equal(slice_find(name, ','), -1);
	arena_done(&arena);
}

static void
unique_ids_differ(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_false(slice_eq(name_unique_id(&arena), name_unique_id(&arena)));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_retry_has_the_same_name),
		cmocka_unit_test(everything_else_has_another_one),
		cmocka_unit_test(a_name_stays_in_its_folder),
		cmocka_unit_test(unique_ids_differ),
	};

	return sodium_init() < 0 ? 1
				 : cmocka_run_group_tests(tests, NULL, NULL);
}
