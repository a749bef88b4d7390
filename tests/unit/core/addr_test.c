#include "tests/unit/test.h"

#include <errno.h>

#include "core/addr.h"
#include "core/dsn.h"

static const struct {
	const char *name, *text;
	int r;
	const char *local, *domain, *again;
} cases[] = {
	{ "an ordinary address", "<info@example.org>", 0, "info", "example.org",
	    "info@example.org" },
	{ "no angle brackets (sendmail's)", "info@example.org", 0, "info",
	    "example.org", "info@example.org" },
	{ "the null sender", "<>", 0, "", "", "" },
	{ "the null sender of internal mail", "", 0, "", "", "" },
	{ "a local part keeps its case, a domain is folded",
	    "<InFo@Example.ORG>", 0, "InFo", "example.org",
	    "InFo@example.org" },
	{ "a quoted @ is local (RFC 5321 4.1.2)", "<\"a@b\"@example.org>", 0,
	    "a@b", "example.org", "\"a@b\"@example.org" },
	{ "needless quotes vanish", "<\"info\"@example.org>", 0, "info",
	    "example.org", "info@example.org" },
	{ "a quoted pair means its octet", "<\"a\\\"b\\\\c\"@example.org>", 0,
	    "a\"b\\c", "example.org", "\"a\\\"b\\\\c\"@example.org" },
	{ "an empty quoted local part is an address", "<\"\"@example.org>", 0,
	    "", "example.org", "\"\"@example.org" },
	{ "SQL in quotes is data", "<\"x'; drop--\"@example.org>", 0,
	    "x'; drop--", "example.org", "\"x'; drop--\"@example.org" },
	{ "all specials of an atom", "<!#$%&'*+-/=?^_`{|}~@example.org>", 0,
	    "!#$%&'*+-/=?^_`{|}~", "example.org",
	    "!#$%&'*+-/=?^_`{|}~@example.org" },
	{ "two dots are let through: SQL knows whether they exist",
	    "<a..b@example.org>", 0, "a..b", "example.org",
	    "\"a..b\"@example.org" },
	{ "a source route is ignored (RFC 5321 C)",
	    "<@relay.example,@b.example:info@example.org>", 0, "info",
	    "example.org", "info@example.org" },
	{ "the root's dot means the same name", "<info@example.org.>", 0,
	    "info", "example.org", "info@example.org" },
	{ "a U-label becomes its A-label",
	    "<info@B\xc3\xbc"
	    "cher.example>",
	    0, "info", "xn--bcher-kva.example", "info@xn--bcher-kva.example" },
	{ "an address literal", "<info@[192.0.2.1]>", 0, "info", "[192.0.2.1]",
	    "info@[192.0.2.1]" },
	{ "an underscore in a host, against RFC 1123 but in use",
	    "<info@a_b.example>", 0, "info", "a_b.example",
	    "info@a_b.example" },
	{ "an address without domain is refused", "anna", -EINVAL, NULL, NULL,
	    NULL },
	{ "nothing before the @", "<@example.org>", -EINVAL, NULL, NULL, NULL },
	{ "nothing behind the @", "<info@>", -EINVAL, NULL, NULL, NULL },
	{ "two dots in a domain", "<info@a..example>", -EINVAL, NULL, NULL,
	    NULL },
	{ "a blank in an atom", "<a b@example.org>", -EINVAL, NULL, NULL,
	    NULL },
	{ "an unterminated quote", "<\"abc@example.org>", -EINVAL, NULL, NULL,
	    NULL },
	{ "a quote that ends in a backslash", "<\"abc\\", -EINVAL, NULL, NULL,
	    NULL },
	{ "text behind the quote", "<\"a\"b@example.org>", -EINVAL, NULL, NULL,
	    NULL },
	{ "a line end", "<a\r\nb@example.org>", -EILSEQ, NULL, NULL, NULL },
	{ "a tab in quotes", "<\"a\tb\"@example.org>", -EILSEQ, NULL, NULL,
	    NULL },
	{ "8 bits without SMTPUTF8", "<\xc3\xa4@example.org>", -EILSEQ, NULL,
	    NULL, NULL },
	{ "malformed UTF-8", "<\xe4@example.org>", -EILSEQ, NULL, NULL, NULL },
};

static void
addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct addr addr;

		CASE(cases[i].name);
		assert_int_equal(
		    addr_parse(&arena, slice_of(cases[i].text), false, &addr),
		    cases[i].r);
		if (cases[i].r == 0) {
			assert_slice(addr.local, cases[i].local);
			assert_slice(addr.domain, cases[i].domain);
			assert_slice(addr_text(&arena, &addr), cases[i].again);
		}
		arena_done(&arena);
	}
}

static void
smtputf8_allows_8_bits(void **state)
{
	struct arena arena = ARENA_INIT;
	struct addr addr;

	(void)state;
	assert_int_equal(
	    addr_parse(&arena, SLICE("<\xc3\xa4@example.org>"), true, &addr),
	    0);
	assert_slice(addr.local, "\xc3\xa4");
	arena_done(&arena);
}

static void
lengths_have_limits(void **state)
{
	struct arena arena = ARENA_INIT;
	char text[ADDR_LEAF_LOCAL_MAX + 32];
	struct addr addr;

	(void)state;
	(void)memset(text, 'a', sizeof text);
	(void)memcpy(text + ADDR_LEAF_LOCAL_MAX, "@b.example", 11);
	assert_int_equal(addr_parse(&arena, slice_of(text), false, &addr), 0);
	(void)memset(text, 'a', sizeof text);
	(void)memcpy(text + ADDR_LEAF_LOCAL_MAX + 1, "@b.example", 11);
	assert_int_equal(
	    addr_parse(&arena, slice_of(text), false, &addr), -ENAMETOOLONG);
	(void)memset(text, 'a', sizeof text);
	(void)memcpy(text, "x@", 2);
	assert_int_equal(
	    addr_parse(&arena, (struct slice){ text, 2 + 64 }, false, &addr),
	    -EINVAL); /* a label of 64 octets */
	arena_done(&arena);
}

static void
xtext_hides_what_dsn_cannot_say(void **state)
{
	struct arena arena = ARENA_INIT;
	struct slice plain;

	(void)state;
	assert_slice(dsn_xtext(&arena, SLICE("a+b=c d@example.org")),
	    "a+2Bb+3Dc+20d@example.org");
	assert_int_equal(
	    dsn_plain(&arena, SLICE("a+2Bb+3dc+20d@example.org"), &plain), 0);
	assert_slice(plain, "a+b=c d@example.org");
	assert_int_equal(dsn_plain(&arena, SLICE("a+2"), &plain), -EINVAL);
	assert_int_equal(dsn_plain(&arena, SLICE("a+XY"), &plain), -EINVAL);
	assert_int_equal(
	    dsn_orcpt(&arena, SLICE("RFC822;a+2Bb@example.org"), &plain), 0);
	assert_slice(plain, "a+b@example.org");
	assert_int_equal(
	    dsn_orcpt(&arena, SLICE("x400;whatever"), &plain), -EINVAL);
	assert_int_equal(dsn_orcpt(&arena, SLICE("rfc822"), &plain), -EINVAL);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(smtputf8_allows_8_bits),
		cmocka_unit_test(lengths_have_limits),
		cmocka_unit_test(xtext_hides_what_dsn_cannot_say),
	};

	return cmocka_run_group_tests_name("core/addr", tests, NULL, NULL);
}
