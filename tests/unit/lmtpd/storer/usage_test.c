#include "lmtpd/storer/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct usage_case {
	const char *says, *text;
	uint64_t limit;
	bool fresh, good;
	int64_t bytes, messages;
} cases[] = {
	{ "a summary", "1000S\n35 1\n", 1000, true, true, 35, 1 },
	{ "lines add up", "1000S\n35 1\n100 2\n-35 -1\n", 1000, true, true, 100,
	    2 },
	{ "no limit is written 0S", "0S\n35 1\n", 0, true, true, 35, 1 },
	{ "a count limit of 0 is none", "1000S,0C\n35 1\n", 1000, true, true,
	    35, 1 },
	{ "Courier pads with blanks", "1000S\n          35            1\n",
	    1000, true, true, 35, 1 },
	{ "a header alone is an empty mailbox, as in Dovecot", "1000S\n", 1000,
	    true, true, 0, 0 },
	{ "an unfinished last line is left out", "1000S\n35 1\n9", 1000, true,
	    true, 35, 1 },
	{ "more than 2 GB", "0S\n12884901888 3\n", 0, true, true, 12884901888,
	    3 },
	{ "another limit: count anew", "2000S\n35 1\n", 1000, true, false, 0,
	    0 },
	{ "a count limit is not ours", "1000S,5C\n35 1\n", 1000, true, false, 0,
	    0 },
	{ "no limit where there is one", "35 1\n", 1000, true, false, 0, 0 },
	{ "empty", "", 1000, true, false, 0, 0 },
	{ "no line end at all", "1000S", 1000, true, false, 0, 0 },
	{ "an empty line", "1000S\n\n35 1\n", 1000, true, false, 0, 0 },
	{ "one number", "1000S\n35\n", 1000, true, false, 0, 0 },
	{ "words", "1000S\nmany few\n", 1000, true, false, 0, 0 },
	{ "negative bytes in sum", "1000S\n5 1\n-35 1\n", 1000, true, false, 0,
	    0 },
	{ "negative messages in sum", "1000S\n35 -1\n", 1000, true, false, 0,
	    0 },
	{ "a number above 64 bits", "0S\n99999999999999999999 1\n", 0, true,
	    false, 0, 0 },
	{ "a sum that is more than any disk",
	    "0S\n999999999999999999 1\n999999999999999999 1\n"
	    "999999999999999999 1\n",
	    0, true, false, 0, 0 },
	{ "a line longer than two numbers",
	    "1000S\n0000000000000000000000000000000000000000000000000000000000"
	    "000035 1\n",
	    1000, true, false, 0, 0 },
	{ "over the limit, just counted: believed", "1000S\n1001 7\n", 1000,
	    true, true, 1001, 7 },
	{ "over the limit, 15 minutes ago: not", "1000S\n1001 7\n", 1000, false,
	    false, 0, 0 },
	{ "over the limit by a sum: not", "1000S\n900 6\n101 1\n", 1000, true,
	    false, 0, 0 },
	{ "at the limit by a sum: believed", "1000S\n900 6\n100 1\n", 1000,
	    false, true, 1000, 7 },
};

static void
maildirsize_is_read_as_dovecot_reads_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct usage_case *c = &cases[i];
		struct usage usage = { 0, 0 };
		bool good =
		    usage_parse(slice_of(c->text), c->limit, c->fresh, &usage);

		if (good != c->good || usage.bytes != c->bytes ||
		    usage.messages != c->messages)
			fail_msg("%s: %d, %lld %lld", c->says, good,
			    (long long)usage.bytes, (long long)usage.messages);
	}
}

static void
a_nul_makes_the_file_worthless(void **state)
{
	struct usage usage;

	(void)state;
	assert_false(usage_parse(SLICE("0S\n35 1\n\0 1\n"), 0, true, &usage));
}

static void
from_5120_octets_on_it_is_counted_anew(void **state)
{
	static char text[USAGE_FILE_MAX] = "0S\n";
	struct usage usage;
	size_t n = 3;

	(void)state;
	while (n + 4 < USAGE_FILE_MAX) {
		(void)memcpy(text + n, "1 1\n", 4);
		n += 4;
	}
	assert_true(usage_parse((struct slice){ text, n }, 0, true, &usage));
	assert_int_equal(usage.messages, (n - 3) / 4);
	(void)memcpy(text + n, "1 11\n", USAGE_FILE_MAX - n);
	assert_false(usage_parse(
	    (struct slice){ text, USAGE_FILE_MAX }, 0, true, &usage));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maildirsize_is_read_as_dovecot_reads_it),
		cmocka_unit_test(a_nul_makes_the_file_worthless),
		cmocka_unit_test(from_5120_octets_on_it_is_counted_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
