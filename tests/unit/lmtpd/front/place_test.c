#include "lmtpd/front/place.h"

#include "tests/unit/test.h"

static void
flags_are_letters_or_keywords(void **state)
{
	const struct slice flags[] = { SLICE("$Label1"), SLICE("\\SEEN"),
		SLICE("\\Flagged"), SLICE("work"), SLICE("\\Strange") };
	struct arena arena = ARENA_INIT;
	struct place_flags got = place_flags(&arena, flags, COUNT(flags));

	(void)state;
	assert_slice(got.letters, "FS");
	assert_slice(got.keywords, "$Label1 work");
	assert_slice(place_letters(&arena, got.letters, SLICE("ba")), "FSab");
	arena_done(&arena);
}

static void
special_uses_have_mailboxes(void **state)
{
	(void)state;
	assert_slice(place_special_use(SLICE("\\junk")), "Junk");
	assert_slice(place_special_use(SLICE("Junk")), "");
	assert_slice(place_special_use(SLICE("\\Flagged")), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_letters_or_keywords),
		cmocka_unit_test(special_uses_have_mailboxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
