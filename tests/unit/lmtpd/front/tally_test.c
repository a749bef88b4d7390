#include "tests/unit/test.h"

#include "lmtpd/front/tally.h"

static const struct {
	const char *name;
	int codes[3]; /* what became of it in each place; 0: no place */
	int code;     /* the answer; 0: none */
} cases[] = {
	{ "nothing gives no answer", { 0 }, 0 },
	{ "one good place is enough", { 250 }, 250 },
	{ "beside a refusal as well", { 550, 250 }, 250 },
	{ "all have refused: the first refusal", { 552, 550 }, 552 },
	{ "later wins over done, which is not repeated", { 250, 451 }, 451 },
	{ "and over refused", { 550, 452, 451 }, 452 },
};

static void
results_become_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tally tally = { 0 };
		struct why why = { 0 };

		CASE(cases[i].name);
		for (size_t k = 0; k < 3 && cases[i].codes[k] != 0; k++) {
			int code = cases[i].codes[k];
			struct why one = { .verdict =
					       (enum verdict)(code / 100),
				.code = code };

			tally_add(&tally, &one);
		}
		assert_int_equal(tally_say(&tally, &why), cases[i].code != 0);
		assert_int_equal(why.code, cases[i].code);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
