/* core/arena and core/buf: where a transaction's octets live. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdalign.h>

#include "core/arena.h"
#include "core/buf.h"

static void
an_arena_hands_out_aligned_zeroes(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		char *p = arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		(void)memset(p, 0xff, size);
	}
	arena_done(&arena);
}

static void
an_arena_forgets_on_reset(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	(void)arena_alloc(&arena, 1 << 20);
	assert_true(arena.used_bytes >= 1 << 20);
	arena_reset(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_string_equal(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
	arena_reset(&arena);
	assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
	arena_done(&arena);
	assert_null(arena.chunk);
}

static void
a_buf_keeps_its_limit(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(8);

	(void)state;
	assert_int_equal(buf_add_text(&buf, "12345678"), 0);
	assert_int_equal(buf_add_char(&buf, '9'), -EMSGSIZE);
	assert_string_equal(buf_text(&buf), "12345678");
	assert_true(buf_failed(&buf));
	/* The error sticks, so that a chain is checked once. */
	buf_consume(&buf, 8);
	assert_int_equal(buf_add_char(&buf, 'x'), -EMSGSIZE);
	buf_reset(&buf);
	assert_int_equal(buf_addf(&buf, "%s=%d", "a", 1), 0);
	assert_string_equal(buf_text(&buf), "a=1");
	assert_int_equal(buf_addf(&buf, "%s", "123456"), -EMSGSIZE);
	assert_string_equal(buf_text(&buf), "a=1");
}

static void
a_buf_drops_what_was_consumed(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1000);

	(void)state;
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_add(&buf, "a\0b", 3), 0);
	buf_consume(&buf, 1);
	assert_int_equal(buf.n, 2);
	assert_memory_equal(buf.p, "\0b", 2);
	for (int i = 0; i < 900; i++)
		assert_int_equal(buf_add_char(&buf, 'x'), 0);
	assert_int_equal(buf.n, 902);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_hands_out_aligned_zeroes),
		cmocka_unit_test(an_arena_forgets_on_reset),
		cmocka_unit_test(a_buf_keeps_its_limit),
		cmocka_unit_test(a_buf_drops_what_was_consumed),
	};

	return cmocka_run_group_tests_name("core/memory", tests, NULL, NULL);
}
