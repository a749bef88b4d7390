#include "tests/unit/test.h"

#include <errno.h>

#include "core/srs.h"

enum { NOON = 1700000000 }; /* a day in November 2023 */
enum { DAY = 86400 };

static const struct srs_keys keys = { { { "tops3cret", 9 }, { "0ld", 3 } }, 2 };
static const struct srs_keys other = { { { "another", 7 } }, 1 };

static struct addr
sender(struct arena *arena, const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(arena, slice_of(text), false, &addr), 0);
	return addr;
}

static struct addr
forward(struct arena *arena, const char *from, const char *domain)
{
	struct addr in = sender(arena, from), out;

	assert_int_equal(
	    srs_forward(arena, &keys, &in, slice_of(domain), NOON, &out), 0);
	return out;
}

static void
what_goes_out_comes_back(void **state)
{
	static const char *const senders[] = { "anna@origin.example",
		"Anna.B@origin.example", "a=b+c-d@origin.example",
		"\"odd one\"@origin.example", "srs0@origin.example" };

	(void)state;
	for (size_t i = 0; i < COUNT(senders); i++) {
		struct arena arena = ARENA_INIT;
		struct addr out = forward(&arena, senders[i], "fwd.example"),
			    back;

		CASE(senders[i]);
		assert_slice(out.domain, "fwd.example");
		assert_true(srs_is_rewritten(out.local));
		assert_int_equal(
		    srs_reverse(&arena, &keys, out.local, NOON + DAY, &back),
		    0);
		assert_slice(addr_text(&arena, &back), senders[i]);
		arena_done(&arena);
	}
}

static void
a_second_forwarder_names_the_first(void **state)
{
	struct arena arena = ARENA_INIT;
	struct addr first =
	    forward(&arena, "anna@origin.example", "one.example");
	struct addr second, third, back;

	(void)state;
	assert_int_equal(srs_forward(&arena, &keys, &first,
			     SLICE("two.example"), NOON, &second),
	    0);
	assert_memory_equal(second.local.p, "SRS1=", 5);
	assert_int_equal(srs_forward(&arena, &other, &second,
			     SLICE("three.example"), NOON, &third),
	    0);
	assert_int_equal(third.local.n, second.local.n); /* it grows no more */
	assert_int_equal(
	    srs_reverse(&arena, &other, third.local, NOON, &back), 0);
	assert_slice(addr_text(&arena, &back),
	    (const char *)addr_text(&arena, &first).p);
	arena_done(&arena);
}

static void
the_null_sender_stays(void **state)
{
	struct arena arena = ARENA_INIT;
	struct addr out = forward(&arena, "<>", "fwd.example");

	(void)state;
	assert_true(addr_is_null(&out));
	arena_done(&arena);
}

static void
forged_and_stale_ones_are_told_apart(void **state)
{
	struct arena arena = ARENA_INIT;
	struct addr out = forward(&arena, "anna@origin.example", "fwd.example"),
		    back;
	static const struct {
		const char *name, *local;
		int r;
	} cases[] = {
		{ "a guess", "SRS0=AAAA=TT=origin.example=anna", -EBADMSG },
		{ "no SRS at all", "anna", -ENOENT },
		{ "the tag alone", "SRS0", -ENOENT },
		{ "parts missing", "SRS0=AAAA=TT", -EBADMSG },
		{ "SRS1 without its parts", "SRS1=AAAA=one.example", -EBADMSG },
		{ "SRS1 forged",
		    "SRS1=AAAA=one.example==HHHH=TT=origin.example=anna",
		    -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_int_equal(srs_reverse(&arena, &keys,
				     slice_of(cases[i].local), NOON, &back),
		    cases[i].r);
	}
	assert_int_equal(
	    srs_reverse(&arena, &other, out.local, NOON, &back), -EBADMSG);
	assert_int_equal(
	    srs_reverse(&arena, &keys, out.local, NOON + 22 * DAY, &back),
	    -ESTALE);
	assert_int_equal(
	    srs_reverse(&arena, &keys, out.local, NOON + 21 * DAY, &back), 0);
	/* The other server's clock may be ahead by some hours. */
	assert_int_equal(
	    srs_reverse(&arena, &keys, out.local, NOON - DAY, &back), 0);
	assert_int_equal(
	    srs_reverse(&arena, &keys, out.local, NOON - 2 * DAY, &back),
	    -ESTALE);
	arena_done(&arena);
}

static void
keys_rotate(void **state)
{
	const struct srs_keys newer = { { SLICE("fresh"), SLICE("tops3cret") },
		2 };
	struct arena arena = ARENA_INIT;
	struct addr out = forward(&arena, "anna@origin.example", "fwd.example"),
		    back;

	(void)state;
	assert_int_equal(
	    srs_reverse(&arena, &newer, out.local, NOON, &back), 0);
	arena_done(&arena);
}

static void
case_folded_on_the_way_still_proves(void **state)
{
	struct arena arena = ARENA_INIT;
	struct addr out = forward(&arena, "anna@origin.example", "fwd.example"),
		    back;
	char *folded = arena_strndup(&arena, out.local.p, out.local.n);

	(void)state;
	for (char *p = folded; *p != '\0'; p++)
		*p = (char)ascii_lower((unsigned char)*p);
	assert_int_equal(
	    srs_reverse(&arena, &keys, slice_of(folded), NOON, &back), 0);
	arena_done(&arena);
}

static void
a_sender_too_long_to_come_back_is_not_rewritten(void **state)
{
	struct arena arena = ARENA_INIT;
	char local[ADDR_LEAF_LOCAL_MAX];
	struct addr in = { { local, sizeof local }, SLICE("origin.example") },
		    out;

	(void)state;
	(void)memset(local, 'a', sizeof local);
	assert_int_equal(
	    srs_forward(&arena, &keys, &in, SLICE("fwd.example"), NOON, &out),
	    -ENAMETOOLONG);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_out_comes_back),
		cmocka_unit_test(a_second_forwarder_names_the_first),
		cmocka_unit_test(the_null_sender_stays),
		cmocka_unit_test(forged_and_stale_ones_are_told_apart),
		cmocka_unit_test(keys_rotate),
		cmocka_unit_test(case_folded_on_the_way_still_proves),
		cmocka_unit_test(
		    a_sender_too_long_to_come_back_is_not_rewritten),
	};

	return cmocka_run_group_tests_name("core/srs", tests, NULL, NULL);
}
