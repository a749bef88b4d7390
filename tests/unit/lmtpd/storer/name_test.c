#include "lmtpd/storer/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct text_case {
	const char *says, *text;
	bool good;
};

static const struct text_case folders[] = {
	{ "INBOX has no name", "", true },
	{ "one level", "Lists", true },
	{ "two levels", "Lists.C", true },
	{ "a blank is fine", "Sent Items", true },
	{ "modified UTF-7 is ASCII", "Entw&APw-rfe", true },
	{ "a leading dot would be an empty level", ".Lists", false },
	{ "so would two dots", "a..b", false },
	{ "and one at the end", "Lists.", false },
	{ "the parent directory is no folder", "..", false },
	{ "a slash would leave Maildir", "a/b", false },
	{ "a line end would forge subscriptions", "a\nb", false },
	{ "8-bit is not modified UTF-7", "\xc3\xbc", false },
};

static const struct text_case bases[] = {
	{ "seconds, digest, node", "1700000000.abc.h01.example", true },
	{ "empty", "", false },
	{ "a hidden file would never be read", ".x", false },
	{ "a slash is a path", "new/x", false },
	{ "a comma would begin the sizes", "x,S=1", false },
	{ "a colon would begin the flags", "x:2,S", false },
	{ "a blank is not printable enough", "a b", false },
};

static const struct text_case flags[] = {
	{ "none", "", true },
	{ "system flags", "DFS", true },
	{ "keywords behind them", "FSab", true },
	{ "descending", "SF", false },
	{ "twice", "SS", false },
	{ "a digit", "2", false },
	{ "a comma", "S,", false },
};

static const struct text_case mailboxes[] = {
	{ "a package's mailbox", "xyz00-abc", true },
	{ "empty", "", false },
	{ "a path", "../x", false },
	{ "a slash", "a/b", false },
};

static void
check_all(
    const struct text_case *cases, size_t n, bool (*is_good)(const char *))
{
	for (size_t i = 0; i < n; i++) {
		if (is_good(cases[i].text) != cases[i].good)
			fail_msg("%s: \"%s\"", cases[i].says, cases[i].text);
	}
}

static void
only_what_may_be_part_of_a_path_is_a_name(void **state)
{
	(void)state;
	check_all(folders, COUNT(folders), name_is_folder);
	check_all(bases, COUNT(bases), name_is_base);
	check_all(flags, COUNT(flags), name_is_flags);
	check_all(mailboxes, COUNT(mailboxes), name_is_mailbox);
}

static void
a_message_tells_both_its_sizes(void **state)
{
	struct store_request r = { .head_size = 10,
		.message_size = 90,
		.line_ends = 4,
		.name = "1.x.h01" };
	char name[NAME_SPACE];

	(void)state;
	name_message(&r, name);
	assert_string_equal(name, "1.x.h01,S=100,W=104");
	(void)strcpy(r.flags, "FS");
	name_message(&r, name);
	assert_string_equal(name, "1.x.h01,S=100,W=104:2,FS");
}

static void
the_longest_name_is_not_cut(void **state)
{
	struct store_request r = { .message_size = (uint64_t)1 << 60,
		.line_ends = (uint64_t)1 << 60 };
	char name[NAME_SPACE];

	(void)state;
	(void)memset(r.name, 'n', STORE_NAME_MAX);
	(void)memset(r.flags, 'f', STORE_FLAGS_MAX);
	name_message(&r, name);
	assert_int_equal(name[strlen(name) - 1], 'f');
	assert_true(strlen(name) < NAME_SPACE - 1);
	name_temporary(r.name, ~0UL, name);
	assert_int_equal(strlen(name), STORE_NAME_MAX + 1 + 20);
}

static void
a_message_is_known_by_its_base_alone(void **state)
{
	(void)state;
	assert_true(name_has_base("1.x.h01,S=1,W=2", "1.x.h01"));
	assert_true(name_has_base("1.x.h01,S=9,W=9:2,RS", "1.x.h01"));
	assert_true(name_has_base("1.x.h01:2,", "1.x.h01"));
	assert_true(name_has_base("1.x.h01", "1.x.h01"));
	assert_false(name_has_base("1.x.h011,S=1", "1.x.h01"));
	assert_false(name_has_base("1.x.h0", "1.x.h01"));
}

static const struct {
	const char *says, *entry;
	bool good;
	uint64_t size;
} sizes[] = {
	{ "ours", "1.x,S=35,W=39", true, 35 },
	{ "last", "1.x,S=35", true, 35 },
	{ "before flags", "1.x,S=35:2,S", true, 35 },
	{ "Dovecot takes no digits for 0", "1.x,S=", true, 0 },
	{ "no size", "1.x:2,S", false, 0 },
	{ "letters behind it", "1.x,S=35x", false, 0 },
	{ "more digits than any disk", "1.x,S=1234567890123456789", false, 0 },
};

static void
a_size_is_believed_as_dovecot_believes_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint64_t size = 0;

		if (name_size(sizes[i].entry, &size) != sizes[i].good ||
		    size != sizes[i].size)
			fail_msg("%s: %s", sizes[i].says, sizes[i].entry);
	}
}

static void
folders_begin_with_one_dot(void **state)
{
	(void)state;
	assert_true(name_is_folder_entry(".Lists.C"));
	assert_false(name_is_folder_entry("."));
	assert_false(name_is_folder_entry(".."));
	assert_false(name_is_folder_entry("..x"));
	assert_false(name_is_folder_entry("new"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_may_be_part_of_a_path_is_a_name),
		cmocka_unit_test(a_message_tells_both_its_sizes),
		cmocka_unit_test(the_longest_name_is_not_cut),
		cmocka_unit_test(a_message_is_known_by_its_base_alone),
		cmocka_unit_test(a_size_is_believed_as_dovecot_believes_it),
		cmocka_unit_test(folders_begin_with_one_dot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
