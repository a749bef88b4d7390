#include "tests/unit/test.h"

#include "core/buf.h"
#include "fetcher/imap_name.h"
#include "fetcher/uid_set.h"

static void
names_go_there_and_back(void **state)
{
	static const struct {
		const char *name, *utf8, *encoded;
	} cases[] = {
		{ "ASCII is itself", "INBOX.Sent", "INBOX.Sent" },
		{ "an ampersand", "A&B", "A&-B" },
		{ "umlauts", "Entw\xc3\xbcrfe", "Entw&APw-rfe" },
		{ "RFC 3501 5.1.3",
		    "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c"
		    "\xac\xe8\xaa\x9e",
		    "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
		{ "beyond the basic plane", "\xf0\x9f\x93\xac", "&2D3c7A-" },
		{ "two shifts", "\xc3\xa4 \xc3\xb6", "&AOQ- &APY-" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;

		CASE(cases[i].name);
		assert_slice(imap_name_encode(&arena, slice_of(cases[i].utf8)),
		    cases[i].encoded);
		assert_slice(
		    imap_name_decode(&arena, slice_of(cases[i].encoded)),
		    cases[i].utf8);
		arena_done(&arena);
	}
}

static void
what_is_no_name_stays(void **state)
{
	static const char *const cases[] = { "&", "&AOQ", "&A\xc3-", "&2D0-",
		"&3Ow-" };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;

		CASE(cases[i]);
		assert_slice(
		    imap_name_decode(&arena, slice_of(cases[i])), cases[i]);
		arena_done(&arena);
	}
}

static void
uids_become_ranges(void **state)
{
	static const uint32_t uids[] = { 1, 2, 3, 7, 9, 10 };
	struct buf set = BUF_INIT(UID_SET_TEXT_MAX + 64);

	(void)state;
	assert_int_equal(uid_set_add(&set, uids, COUNT(uids)), COUNT(uids));
	assert_slice(buf_slice(&set), "1:3,7,9:10");
	buf_free(&set);
}

static void
a_long_set_is_cut(void **state)
{
	struct buf set = BUF_INIT(UID_SET_TEXT_MAX + 64);
	uint32_t uids[500];
	size_t n;

	(void)state;
	for (uint32_t i = 0; i < COUNT(uids); i++)
		uids[i] = 4000000000u + 2 * i;
	n = uid_set_add(&set, uids, COUNT(uids));
	assert_in_range(n, 50, 100);
	assert_true(set.n <= UID_SET_TEXT_MAX);
	buf_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_there_and_back),
		cmocka_unit_test(what_is_no_name_stays),
		cmocka_unit_test(uids_become_ranges),
		cmocka_unit_test(a_long_set_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
