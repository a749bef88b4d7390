#include "tests/unit/test.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "listmgr/archive.h"

static char folder[] = "/tmp/hp-archive.XXXXXX";
static const struct lists lists = { .archive = folder, .web = "" };

static int
make(void **state)
{
	(void)state;
	return sodium_init() < 0 || mkdtemp(folder) == NULL;
}

static int
sweep(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void
a_post_is_found_by_its_number(void **state)
{
	char name[ARCHIVE_NAME_MAX], path[64];
	struct archive_view view;
	struct stat st;
	struct why why;

	(void)state;
	assert_int_equal(
	    archive_write(&lists, 7, SLICE("Subject: x\n\nx\n"), name, &why),
	    0);
	assert_int_equal(archive_place_post(&lists, 7, name, 1234, &why), 0);
	(void)snprintf(path, sizeof path, "%s/7/1/1234.eml", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(archive_open_post(&lists, 7, 1234, &view, &why), 0);
	assert_slice(view.message, "Subject: x\n\nx\n");
	archive_close(&view);
}

static void
what_a_crash_left_is_replaced(void **state)
{
	char name[ARCHIVE_NAME_MAX];
	struct archive_view view;
	struct why why;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    archive_write(&lists, 7,
			i == 0 ? SLICE("old") : SLICE("new"), name, &why),
		    0);
		assert_int_equal(
		    archive_place_post(&lists, 7, name, 5, &why), 0);
	}
	assert_int_equal(archive_open_post(&lists, 7, 5, &view, &why), 0);
	assert_slice(view.message, "new");
	archive_close(&view);
}

static void
a_held_message_goes_when_it_was_decided_upon(void **state)
{
	char name[ARCHIVE_NAME_MAX];
	struct archive_view view;
	struct why why;

	(void)state;
	assert_int_equal(archive_write(&lists, 8, SLICE("x"), name, &why), 0);
	assert_int_equal(archive_place_held(&lists, 8, name, 3, &why), 0);
	assert_int_equal(archive_open_held(&lists, 8, 3, &view, &why), 0);
	archive_close(&view);
	archive_drop_held(&lists, 8, 3);
	assert_int_equal(archive_open_held(&lists, 8, 3, &view, &why), -ENOENT);
	assert_int_equal(why.verdict, MAIL_TEMPFAIL);
}

static void
an_archive_that_is_away_defers(void **state)
{
	const struct lists away = { .archive = "/nonexistent", .web = "" };
	char name[ARCHIVE_NAME_MAX];
	struct archive_view view;
	struct why why;

	(void)state;
	assert_int_equal(
	    archive_write(&away, 1, SLICE("x"), name, &why), -ENOENT);
	assert_int_equal(why.verdict, MAIL_TEMPFAIL);
	assert_int_equal(archive_open_post(&away, 1, 1, &view, &why), -ENOENT);
	archive_drop(&away, 1, "new-x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_post_is_found_by_its_number),
		cmocka_unit_test(what_a_crash_left_is_replaced),
		cmocka_unit_test(a_held_message_goes_when_it_was_decided_upon),
		cmocka_unit_test(an_archive_that_is_away_defers),
	};

	return cmocka_run_group_tests(tests, make, sweep);
}
