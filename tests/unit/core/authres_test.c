#include "tests/unit/test.h"

#include "core/authres.h"

#define AR "Authentication-Results: "

static void
only_our_own_filters_are_believed(void **state)
{
	static const struct {
		const char *name, *header;
		struct authres want; /* seen, dmarc, auth, dkim */
	} cases[] = {
		{ "nothing", "From: a@b.example\n",
		    { false, false, false, false } },
		{ "a stranger's", AR "other.example; dmarc=pass\n",
		    { false, false, false, false } },
		{ "ours", AR "mx.example; dmarc=pass (p=none) header.from=x\n",
		    { true, true, false, false } },
		{ "in upper case, with a version",
		    AR "MX.example 1; DMARC=Pass\n",
		    { true, true, false, false } },
		{ "none", AR "mx.example; none\n",
		    { true, false, false, false } },
		{ "a failure", AR "mx.example; dmarc=fail; dkim=fail\n",
		    { true, false, false, false } },
		{ "pass in a comment",
		    AR "mx.example; dmarc=fail (not dmarc=pass; dmarc=pass)\n",
		    { true, false, false, false } },
		{ "pass in a string",
		    AR "mx.example; dmarc=fail reason=\"x; dmarc=pass\"\n",
		    { true, false, false, false } },
		{ "two fields",
		    AR "mx.example; dkim=pass header.d=b.example\n" AR
		       "mx.example;\n\tdmarc=pass\n",
		    { true, true, false, true } },
		{ "a login", AR "mx.example; auth=pass smtp.auth=fred\n",
		    { true, false, true, false } },
		{ "a signature of the domain above",
		    AR "mx.example; dkim=pass header.i=@example\n",
		    { true, false, false, true } },
		{ "a signature of somebody else",
		    AR "mx.example; dkim=pass header.d=evil-b.example\n",
		    { true, false, false, false } },
		{ "a signature that is bad beside a good one of another",
		    AR "mx.example; dkim=fail header.d=b.example; dkim=pass "
		       "header.d=evil.example\n",
		    { true, false, false, false } },
		{ "a comment without end", AR "mx.example; dmarc=fail (x\n",
		    { true, false, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct authres got;

		CASE(cases[i].name);
		authres_read(slice_of(cases[i].header), SLICE("mx.example"),
		    SLICE("b.example"), &got);
		assert_int_equal(got.seen, cases[i].want.seen);
		assert_int_equal(got.dmarc, cases[i].want.dmarc);
		assert_int_equal(got.auth, cases[i].want.auth);
		assert_int_equal(got.dkim, cases[i].want.dkim);
	}
}

static void
without_a_name_of_ours_nothing_is_believed(void **state)
{
	struct authres got;

	(void)state;
	authres_read(
	    SLICE(AR "; dmarc=pass\n"), SLICE(""), SLICE("b.example"), &got);
	assert_false(got.seen || got.dmarc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_our_own_filters_are_believed),
		cmocka_unit_test(without_a_name_of_ours_nothing_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
