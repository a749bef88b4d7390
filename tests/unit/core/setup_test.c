#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>

#include "core/pacc.h"
#include "core/setup.h"

enum { COLUMNS = 8, ROWS_MAX = 4 };

#define HEAD "mailbox", "example.org", "xyz00-fred", "f00d"

static struct rows
make_rows(struct arena *arena, const char *const (*cells)[COLUMNS], size_t n)
{
	struct rows rows = { n, COLUMNS, NULL };

	rows.cells = arena_calloc(arena, n * COLUMNS, sizeof *rows.cells);
	for (size_t i = 0; i < n * COLUMNS; i++)
		rows.cells[i] = slice_of(cells[i / COLUMNS][i % COLUMNS]);
	return rows;
}

static void
services_are_read_in_their_order(void **state)
{
	static const char *const cells[][COLUMNS] = {
		{ HEAD, "smtp", "b.example", "587", "starttls" },
		{ HEAD, "imap", "a.example", "993", "implicit" },
	};
	struct arena arena = ARENA_INIT;
	struct rows rows = make_rows(&arena, cells, 2);
	struct setup setup;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(setup_read(&arena, &rows, &setup, &why), 0);
	assert_int_equal(setup.status, SETUP_MAILBOX);
	assert_true(slice_eq(setup.login, SLICE("xyz00-fred")));
	assert_int_equal(setup.n, 2);
	assert_int_equal(setup.services[0].protocol, SETUP_SMTP);
	assert_int_equal(setup.services[0].port, 587);
	assert_true(setup.services[0].starttls);
	assert_ptr_equal(setup_find(&setup, SETUP_IMAP), &setup.services[1]);
	assert_null(setup_find(&setup, SETUP_SIEVE));
	arena_done(&arena);
}

static void
nonsense_is_a_fault_of_ours(void **state)
{
	static const struct {
		const char *name;
		const char *cells[COLUMNS];
	} cases[] = {
		{ "an unknown status", { "perhaps", "a.example", "", "", "imap",
					   "a.example", "993", "implicit" } },
		{ "an unknown protocol",
		    { HEAD, "gopher", "a.example", "70", "implicit" } },
		{ "a port that is none",
		    { HEAD, "imap", "a.example", "65536", "implicit" } },
		{ "port 0", { HEAD, "imap", "a.example", "0", "implicit" } },
		{ "no encryption",
		    { HEAD, "imap", "a.example", "143", "none" } },
		{ "no host", { HEAD, "imap", "", "143", "starttls" } },
		{ "markup in a host name",
		    { HEAD, "imap", "<a>", "143", "starttls" } },
		{ "no domain",
		    { "mailbox", "", "", "", "imap", "a", "993", "implicit" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct rows rows = make_rows(&arena, &cases[i].cells, 1);
		struct setup setup;
		struct why why = { 0 };

		CASE(cases[i].name);
		assert_int_equal(
		    setup_read(&arena, &rows, &setup, &why), -EPROTO);
		assert_int_equal(why.code, 451);
		arena_done(&arena);
	}
}

static void
nothing_published_needs_no_services(void **state)
{
	static const char *const cells[][COLUMNS] = {
		{ "absent", "", "", "", "", "", "", "" },
	};
	struct arena arena = ARENA_INIT;
	struct rows rows = make_rows(&arena, cells, 1), none = { 0 };
	struct setup setup;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(setup_read(&arena, &rows, &setup, &why), 0);
	assert_int_equal(setup.status, SETUP_ABSENT);
	assert_int_equal(setup.n, 0);
	assert_int_equal(setup_read(&arena, &none, &setup, &why), -EPROTO);
	arena_done(&arena);
}

/* The digest was made with: printf '%s' BODY | openssl sha256 -binary. */
static void
pacc_is_the_same_octet_for_octet(void **state)
{
	static const char *const cells[][COLUMNS] = {
		{ HEAD, "pop3", "p.example", "110", "starttls" },
		{ HEAD, "imap", "i.example", "993", "implicit" },
		{ HEAD, "smtp", "s.example", "465", "implicit" },
	};
	static const char want[] =
	    "{\"authentication\":{\"password\":true},"
	    "\"info\":{\"provider\":{\"name\":\"B\xC3\xBC"
	    "cher \\\"AG\\\"\","
	    "\"shortName\":\"BAG\"}},\"protocols\":{\"imap\":{\"host\":"
	    "\"i.example\"},\"submit\":{\"host\":\"s.example\"}}}";
	static const struct provider provider = {
		.name = "B\xC3\xBC"
			"cher \"AG\"",
		.short_name = "BAG",
	};
	struct arena arena = ARENA_INIT;
	struct rows rows = make_rows(&arena, cells, 3);
	struct setup setup;
	struct why why = { 0 };
	struct slice body;

	(void)state;
	assert_int_equal(setup_read(&arena, &rows, &setup, &why), 0);
	body = pacc_body(&arena, &provider, &setup);
	assert_slice(body, want);
	assert_true(slice_eq(pacc_record(&arena, SLICE("abc")),
	    SLICE("v=UAAC1; a=sha256; "
		  "d=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_read_in_their_order),
		cmocka_unit_test(nonsense_is_a_fault_of_ours),
		cmocka_unit_test(nothing_published_needs_no_services),
		cmocka_unit_test(pacc_is_the_same_octet_for_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
