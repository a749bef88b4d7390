#include "tests/unit/test.h"

#include "core/buf.h"
#include "listmgr/summary.h"

enum { NOW = 1800000000 };

static struct summary
summary_of(struct arena *arena, const char *message)
{
	struct summary summary;

	summary_read(
	    arena, slice_of(message), SLICE("example.org"), NOW, &summary);
	return summary;
}

static void
a_post_is_summed_up(void **state)
{
	struct arena arena = ARENA_INIT;
	struct summary s = summary_of(&arena,
	    "Message-ID: (x) <a@b> <c@d>\n"
	    "From: =?iso-8859-1?q?J=FCrgen?= <J@Example.ORG>, other@c\n"
	    "Subject: Re: [club] =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\tan ALLE\n"
	    "Date: Tue, 24 Nov 2026 14:00:00 +0100\n"
	    "References: <1@x> <2@x>\n <a@b>\n <3@x>\n"
	    "In-Reply-To: <4@x>\n\nbody\n");

	(void)state;
	assert_slice(s.message_id, "a@b");
	assert_slice(s.from_name, "J\xC3\xBCrgen");
	assert_slice(s.from_address, "J@Example.ORG");
	assert_slice(s.subject, "Re: [club] Gr\xC3\xBC\xC3\x9F\x65 an ALLE");
	assert_slice(s.base_subject, "gr\xC3\xBC\xC3\x9F\x65 an alle");
	assert_int_equal(s.date, 1795525200);
	assert_int_equal(s.n_parents, 4);
	assert_slice(s.parents[0], "3@x");
	assert_slice(s.parents[1], "2@x");
	assert_slice(s.parents[2], "1@x");
	assert_slice(s.parents[3], "4@x");
	arena_done(&arena);
}

static void
what_is_missing_is_made_up_or_empty(void **state)
{
	struct arena arena = ARENA_INIT;
	struct summary s = summary_of(&arena, "Date: yesterday\n\nbody\n");
	struct summary again = summary_of(&arena, "Date: yesterday\n\nbody\n");
	struct summary other = summary_of(&arena, "Message-ID: <>\n\nx\n");

	(void)state;
	assert_int_equal(
	    s.message_id.n, strlen("hauspost-") + 32 + strlen("@example.org"));
	assert_true(slice_eq(s.message_id, again.message_id));
	assert_false(slice_eq(s.message_id, other.message_id));
	assert_int_equal(s.date, NOW);
	assert_int_equal(s.from_name.n + s.from_address.n + s.subject.n, 0);
	assert_int_equal(s.n_parents, 0);
	arena_done(&arena);
}

static void
odd_fields_do_no_harm(void **state)
{
	static const struct {
		const char *name, *message, *id, *subject;
		size_t parents;
	} cases[] = {
		{ "an id without its brackets", "Message-ID: a b\n\n", "a b",
		    "", 0 },
		{ "a reference that does not end",
		    "Message-ID: <a>\nReferences: <1> <2\n\n", "a", "", 1 },
		{ "an author that is none",
		    "Message-ID: <a>\nFrom: \"\x1b[2J\n\n", "a", "", 0 },
		{ "8 bits and control characters in a subject",
		    "Message-ID: <a>\nSubject: a\x07\xFF\n\n", "a",
		    "a \xEF\xBF\xBD", 0 },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct summary s = summary_of(&arena, cases[i].message);

		CASE(cases[i].name);
		assert_slice(s.message_id, cases[i].id);
		assert_slice(s.subject, cases[i].subject);
		assert_int_equal(s.n_parents, cases[i].parents);
		assert_null(memchr(s.from_address.p, '\x1b', s.from_address.n));
	}
	arena_done(&arena);
}

static void
of_many_references_the_last_count(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf message = BUF_INIT(10000);
	struct summary s;

	(void)state;
	(void)buf_add_text(&message, "References:");
	for (int i = 0; i < 3 * SUMMARY_PARENTS; i++)
		(void)buf_addf(&message, "\n <%d@x>", i);
	(void)buf_add_text(&message, "\nIn-Reply-To: <parent@x>\n\n");
	s = summary_of(&arena, buf_text(&message));
	assert_int_equal(s.n_parents, SUMMARY_PARENTS);
	assert_slice(s.parents[0], "149@x");
	assert_slice(s.parents[SUMMARY_PARENTS - 1], "100@x");
	buf_free(&message);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_post_is_summed_up),
		cmocka_unit_test(what_is_missing_is_made_up_or_empty),
		cmocka_unit_test(odd_fields_do_no_harm),
		cmocka_unit_test(of_many_references_the_last_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
