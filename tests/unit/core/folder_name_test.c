#include "core/folder_name.h"

#include <errno.h>

#include "tests/unit/test.h"

static const struct {
	const char *says, *mailbox, *folder; /* NULL: none can be called so */
} folders[] = {
	{ "INBOX in whatever case", "inbox", "" },
	{ "a plain name", "Junk", "Junk" },
	{ "a name with a blank", "Sent Items", "Sent Items" },
	{ "levels", "Lists.C", "Lists.C" },
	{ "a slash separates as well", "Lists/C", "Lists.C" },
	{ "an ampersand (RFC 3501 5.1.3)", "R&D", "R&-D" },
	{ "umlauts", "Entwürfe", "Entw&APw-rfe" },
	{ "the RFC's example", "~peter.mail.台北.日本語",
	    "~peter.mail.&U,BTFw-.&ZeVnLIqe-" },
	{ "beyond the first plane", "\xF0\x9F\x98\x80", "&2D3eAA-" },
	{ "an empty name", "", NULL },
	{ "an empty level", "a..b", NULL },
	{ "a level that begins the name", ".a", NULL },
	{ "a level that ends it", "a/", NULL },
	{ "upwards", "../../etc", NULL },
	{ "a line end", "a\nb", NULL },
	{ "no UTF-8", "a\xFF", NULL },
	{ "too long for a file's name",
	    "1234567890123456789012345678901234567890123456789012345678901234"
	    "1234567890123456789012345678901234567890123456789012345678901234"
	    "1234567890123456789012345678901234567890123456789012345678901234"
	    "1234567890123456789012345678901234567890123456789012345678901234",
	    NULL },
};

static void
a_mailbox_has_a_folder(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(folders); i++) {
		struct slice folder = { NULL, 0 };
		int r =
		    folder_name(&arena, slice_of(folders[i].mailbox), &folder);

		CASE(folders[i].says);
		assert_int_equal(r, folders[i].folder != NULL ? 0 : -EINVAL);
		if (r == 0)
			assert_slice(folder, folders[i].folder);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mailbox_has_a_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
