#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scope.h"
#include "listmgr/shelf.h"

static char archive[] = "/tmp/shelf.XXXXXX";
static struct lists lists;

static int
make_archive(void **state)
{
	(void)state;
	lists.archive = mkdtemp(archive);
	return lists.archive == NULL;
}

static int
remove_archive(void **state)
{
	(void)state;
	(void)!chdir(archive);
	(void)rmdir("7/held");
	(void)rmdir("7/2");
	(void)rmdir("7/0");
	(void)rmdir("7");
	return rmdir(archive);
}

static void
assert_holds(const struct shelf_place *place, const char *text)
{
	struct why why = { 0 };
	uint64_t size;
	AUTO_CLOSE int fd = shelf_open(&lists, place, &size, &why);
	char got[100];

	assert_true(fd >= 0);
	assert_int_equal(size, strlen(text));
	assert_int_equal(read(fd, got, sizeof got), size);
	assert_memory_equal(got, text, size);
}

static void
what_is_put_can_be_read_and_removed(void **state)
{
	static const struct {
		const char *name, *path;
		struct shelf_place place;
	} cases[] = {
		{ "a post", "7/0/999.eml", { 7, 999, false } },
		{ "a post of another thousand", "7/2/2000.eml",
		    { 7, 2000, false } },
		{ "held mail", "7/held/2000.eml", { 7, 2000, true } },
	};
	struct why why = { 0 };
	char path[100];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct shelf_place *place = &cases[i].place;
		uint64_t size;

		CASE(cases[i].name);
		(void)snprintf(
		    path, sizeof path, "%s/%s", archive, cases[i].path);
		assert_int_equal(
		    shelf_put(&lists, place, SLICE("longer"), &why), 0);
		assert_int_equal(
		    shelf_put(&lists, place, SLICE("again"), &why), 0);
		assert_int_equal(access(path, R_OK), 0);
		assert_holds(place, "again");
		assert_int_equal(shelf_remove(&lists, place, &why), 0);
		assert_int_equal(shelf_remove(&lists, place, &why), 0);
		assert_int_equal(
		    shelf_open(&lists, place, &size, &why), -ENOENT);
		assert_int_equal(why.verdict, MAIL_TEMPFAIL);
	}
}

static void
a_missing_archive_is_our_fault(void **state)
{
	const struct lists none = { .archive = "/nonexistent" };
	const struct shelf_place place = { 7, 1, false };
	struct why why = { 0 };

	(void)state;
	assert_int_equal(shelf_put(&none, &place, SLICE("x"), &why), -ENOENT);
	assert_int_equal(why.verdict, MAIL_TEMPFAIL);
	assert_int_equal(shelf_remove(&none, &place, &why), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_can_be_read_and_removed),
		cmocka_unit_test(a_missing_archive_is_our_fault),
	};

	return cmocka_run_group_tests(tests, make_archive, remove_archive);
}
