#include "lmtpd/storer/subscriptions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *says, *text, *folder, *append;
} cases[] = {
	{ "a new file", "", "Lists.C", "Lists.C\n" },
	{ "one more line", "Sent\n", "Lists.C", "Lists.C\n" },
	{ "listed already", "Sent\nLists.C\nTrash\n", "Lists.C", "" },
	{ "listed in an unfinished line", "Sent\nLists.C", "Lists.C", "" },
	{ "the line before is finished first", "Sent", "Lists.C",
	    "\nLists.C\n" },
	{ "a longer name is another", "Lists.C2\n", "Lists.C", "Lists.C\n" },
	{ "the second form has tabs", "V\t2\n\nSent\n", "Lists.C",
	    "Lists\tC\n" },
	{ "listed in the second form", "V\t2\n\nLists\tC\n", "Lists.C", "" },
};

static void
a_folder_is_listed_once_in_the_form_of_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO_BUF struct buf append = BUF_INIT(512);

		if (!subscriptions_plan(
			slice_of(cases[i].text), cases[i].folder, &append) ||
		    strcmp(buf_text(&append), cases[i].append) != 0)
			fail_msg(
			    "%s: \"%s\"", cases[i].says, buf_text(&append));
	}
}

static void
what_is_no_text_is_left_alone(void **state)
{
	AUTO_BUF struct buf append = BUF_INIT(512);

	(void)state;
	assert_false(subscriptions_plan(SLICE("Sent\n\0"), "Lists", &append));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_folder_is_listed_once_in_the_form_of_the_file),
		cmocka_unit_test(what_is_no_text_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
