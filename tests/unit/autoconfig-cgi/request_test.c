#include "tests/unit/test.h"

#include <stdlib.h>

#include "autoconfig-cgi/policy.h"
#include "autoconfig-cgi/request.h"

#define LOCAL_64                                                               \
	"1234567890123456789012345678901234567890123456789012345678901234"

static struct request
ask_path(struct arena *arena, const char *path, const char *query,
    const char *host, int want_status)
{
	char *env[] = { "REQUEST_METHOD=GET",
		arena_printf(arena, "DOCUMENT_URI=%s", path),
		arena_printf(arena, "QUERY_STRING=%s", query),
		arena_printf(arena, "HTTP_HOST=%s", host), NULL };
	struct request request;

	assert_int_equal(request_read(arena, env, &request), want_status);
	return request;
}

static struct request
ask(struct arena *arena, const char *query)
{
	return ask_path(
	    arena, "/mail/config-v1.1.xml", query, "autoconfig.x.example", 0);
}

static void
addresses_come_as_clients_write_them(void **state)
{
	static const struct {
		const char *name, *query;
		enum address_state want;
		const char *address;
	} cases[] = {
		{ "Thunderbird encodes", "emailaddress=fred%40example.org",
		    ADDRESS_GIVEN, "fred@example.org" },
		{ "and plus signs, too",
		    "emailaddress=fred%2Blists%40example.org", ADDRESS_GIVEN,
		    "fred+lists@example.org" },
		{ "FairEmail does not", "emailaddress=fred+lists@example.org",
		    ADDRESS_GIVEN, "fred+lists@example.org" },
		{ "K-9 keeps it to itself", "", ADDRESS_NONE, "" },
		{ "an empty one is none", "emailaddress=&x=1", ADDRESS_NONE,
		    "" },
		{ "the first counts",
		    "emailaddress=a%40x.example&emailaddress=b%40x.example",
		    ADDRESS_GIVEN, "a@x.example" },
		{ "its name in whatever case", "EmailAddress=a%40x.example",
		    ADDRESS_GIVEN, "a@x.example" },
		{ "other parameters are passed by",
		    "?=&&=&emailaddressx=1&emailaddress=a%40x.example",
		    ADDRESS_GIVEN, "a@x.example" },
		{ "decoded once", "emailaddress=a%2540x.example",
		    ADDRESS_MALFORMED, "" },
		{ "a domain is folded, a local part is not",
		    "emailaddress=Fred%40EXAMPLE.org", ADDRESS_GIVEN,
		    "Fred@example.org" },
		{ "a U-label becomes an A-label",
		    "emailaddress=a%40b%C3%BCcher.example", ADDRESS_GIVEN,
		    "a@xn--bcher-kva.example" },
		{ "the last @ splits", "emailaddress=%22a%40b%22%40x.example",
		    ADDRESS_GIVEN, "\"a@b\"@x.example" },
		{ "blanks around it are a typist's",
		    "emailaddress=%20a%40x.example%20", ADDRESS_GIVEN,
		    "a@x.example" },
		{ "64 octets before the @",
		    "emailaddress=" LOCAL_64 "@x.example", ADDRESS_GIVEN,
		    LOCAL_64 "@x.example" },
		{ "and no more", "emailaddress=x" LOCAL_64 "@x.example",
		    ADDRESS_MALFORMED, "" },
		{ "no domain", "emailaddress=fred", ADDRESS_MALFORMED, "" },
		{ "no local part", "emailaddress=@x.example", ADDRESS_MALFORMED,
		    "" },
		{ "brackets", "emailaddress=%3Ca%40x.example%3E",
		    ADDRESS_MALFORMED, "" },
		{ "NUL", "emailaddress=a%00%40x.example", ADDRESS_MALFORMED,
		    "" },
		{ "a line end", "emailaddress=a%0D%0Ab%40x.example",
		    ADDRESS_MALFORMED, "" },
		{ "a line end in quotes",
		    "emailaddress=%22a%0Ab%22%40x.example", ADDRESS_MALFORMED,
		    "" },
		{ "malformed UTF-8", "emailaddress=%FF%40x.example",
		    ADDRESS_MALFORMED, "" },
		{ "UTF-8 that no address of ours has",
		    "emailaddress=%C3%BC%40x.example", ADDRESS_MALFORMED, "" },
		{ "a percent sign that escapes nothing",
		    "emailaddress=a%zz%40x.example", ADDRESS_GIVEN,
		    "a%zz@x.example" },
		{ "markup is text like any other",
		    "emailaddress=%22%3E%3Cx%3E%22%40x.example", ADDRESS_GIVEN,
		    "\"><x>\"@x.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct request request = ask(&arena, cases[i].query);

		CASE(cases[i].name);
		assert_int_equal(request.address_state, cases[i].want);
		if (!slice_eq(request.address, slice_of(cases[i].address)))
			fail_msg("%.*s", SLICE_FMT(request.address));
		arena_done(&arena);
	}
}

static void
evolution_sends_a_digest(void **state)
{
	static const struct {
		const char *name, *md5, *want;
	} cases[] = {
		{ "in either case", "D41D8CD98F00B204E9800998ECF8427e",
		    "d41d8cd98f00b204e9800998ecf8427e" },
		{ "too short", "d41d8cd98f00b204e9800998ecf842", "" },
		{ "no digit", "g41d8cd98f00b204e9800998ecf8427e", "" },
		{ "NUL", "%0041d8cd98f00b204e9800998ecf8427e", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct request request =
		    ask(&arena, arena_printf(&arena,
				    "emailaddress=EVOLUTIONUSER%%40x.example"
				    "&emailmd5=%s",
				    cases[i].md5));

		CASE(cases[i].name);
		assert_true(
		    slice_eq(request.emailmd5, slice_of(cases[i].want)));
		arena_done(&arena);
	}
}

static void
hosts_are_cleaned(void **state)
{
	static const struct {
		const char *name, *host, *domain;
	} cases[] = {
		{ "without autoconfig.", "autoconfig.example.org",
		    "example.org" },
		{ "without autodiscover., port and last dot",
		    "AutoDiscover.Example.ORG.:8443", "example.org" },
		{ "without PACC's label", "ua-auto-config.example.org",
		    "example.org" },
		{ "a domain's own name stays", "example.org", "example.org" },
		{ "an IPv6 address is no domain", "[::1]:80", "" },
		{ "markup is none", "<script>", "" },
		{ "nothing is none", "", "" },
		{ "malformed UTF-8 is none", "\xFF.example", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct request request = ask_path(
		    &arena, "/mail/config-v1.1.xml", "", cases[i].host, 0);

		CASE(cases[i].name);
		if (!slice_eq(request.domain, slice_of(cases[i].domain)))
			fail_msg("%.*s", SLICE_FMT(request.domain));
		arena_done(&arena);
	}
}

static void
paths_choose_the_contract(void **state)
{
	static const struct {
		const char *path;
		enum contract contract;
		int status;
	} cases[] = {
		{ "/mail/config-v1.1.xml", CONTRACT_MOZILLA, 0 },
		{ "/.well-known/autoconfig/mail/config-v1.1.xml",
		    CONTRACT_MOZILLA, 0 },
		{ "/Mail/config-v1.1.xml", CONTRACT_NONE, 404 },
		{ "/Autodiscover/Autodiscover.xml", CONTRACT_POX, 405 },
		{ "/AUTODISCOVER/autodiscover.json", CONTRACT_V2, 0 },
		{ "/autodiscover/autodiscover.json/v1.0/a@x.example",
		    CONTRACT_V2, 0 },
		{ "/autodiscover/autodiscover.svc", CONTRACT_NONE, 404 },
		{ "/mobileconfig", CONTRACT_APPLE, 0 },
		{ "/.well-known/user-agent-configuration.json", CONTRACT_PACC,
		    0 },
		{ "/", CONTRACT_HELP, 0 },
		{ "/index.php", CONTRACT_NONE, 404 },
		{ "", CONTRACT_NONE, 404 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct request request;

		CASE(cases[i].path);
		request = ask_path(&arena, cases[i].path,
		    "Email=a%40x.example&Protocol=p", "x.example",
		    cases[i].status);
		assert_int_equal(request.contract, cases[i].contract);
		if (request.contract == CONTRACT_V2)
			assert_true(
			    slice_eq(request.address, SLICE("a@x.example")));
		arena_done(&arena);
	}
}

static void
odd_requests_are_refused(void **state)
{
	static const struct {
		const char *name;
		const char *env[6];
		int want;
	} cases[] = {
		{ "no variables at all", { NULL }, 404 },
		{ "CGI's own way to name a path",
		    { "REQUEST_METHOD=GET", "SCRIPT_NAME=/mail",
			"PATH_INFO=/config-v1.1.xml" },
		    0 },
		{ "POST where there is nothing to post",
		    { "REQUEST_METHOD=POST", "DOCUMENT_URI=/" }, 405 },
		{ "DELETE",
		    { "REQUEST_METHOD=DELETE", "DOCUMENT_URI=/mobileconfig" },
		    405 },
		{ "a POST that is no XML",
		    { "REQUEST_METHOD=POST", "CONTENT_LENGTH=3",
			"DOCUMENT_URI=/autodiscover/autodiscover.xml",
			"CONTENT_TYPE=application/json" },
		    415 },
		{ "parameters of the type are fine",
		    { "REQUEST_METHOD=POST", "CONTENT_LENGTH=16384",
			"DOCUMENT_URI=/autodiscover/autodiscover.xml",
			"CONTENT_TYPE=Text/XML ; charset=utf-8" },
		    0 },
		{ "a body that is too long",
		    { "REQUEST_METHOD=POST", "CONTENT_LENGTH=16385",
			"DOCUMENT_URI=/autodiscover/autodiscover.xml",
			"CONTENT_TYPE=text/xml" },
		    413 },
		{ "a length below nothing",
		    { "REQUEST_METHOD=POST", "CONTENT_LENGTH=-1",
			"DOCUMENT_URI=/autodiscover/autodiscover.xml",
			"CONTENT_TYPE=text/xml" },
		    413 },
		{ "a length beyond any number",
		    { "REQUEST_METHOD=POST",
			"CONTENT_LENGTH=99999999999999999999999",
			"DOCUMENT_URI=/autodiscover/autodiscover.xml",
			"CONTENT_TYPE=text/xml" },
		    413 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct request request;

		CASE(cases[i].name);
		assert_int_equal(
		    request_read(&arena, (char *const *)cases[i].env, &request),
		    cases[i].want);
		arena_done(&arena);
	}
}

static void
a_query_has_its_limit(void **state)
{
	struct arena arena = ARENA_INIT;
	char *query = arena_alloc(&arena, REQUEST_QUERY_MAX + 2);

	(void)state;
	(void)memset(query, 'x', REQUEST_QUERY_MAX);
	(void)ask(&arena, query);
	query[REQUEST_QUERY_MAX] = 'x';
	(void)ask_path(&arena, "/mail/config-v1.1.xml", query, "x", 414);
	arena_done(&arena);
}

static void
who_is_told(void **state)
{
	static const struct {
		const char *name;
		enum contract contract;
		enum address_state address;
		enum setup_status status;
		bool told, told_as_domain;
	} cases[] = {
		{ "one mailbox", CONTRACT_MOZILLA, ADDRESS_GIVEN, SETUP_MAILBOX,
		    true, true },
		{ "no mailbox, or several", CONTRACT_MOZILLA, ADDRESS_GIVEN,
		    SETUP_UNRESOLVED, false, true },
		{ "a domain", CONTRACT_MOZILLA, ADDRESS_NONE, SETUP_DOMAIN,
		    true, true },
		{ "what is no address", CONTRACT_MOZILLA, ADDRESS_MALFORMED,
		    SETUP_DOMAIN, false, true },
		{ "nothing of ours", CONTRACT_MOZILLA, ADDRESS_GIVEN,
		    SETUP_ABSENT, false, false },
		{ "a network that asked too often", CONTRACT_POX, ADDRESS_GIVEN,
		    SETUP_DOMAIN, true, true },
		{ "a profile for nobody", CONTRACT_APPLE, ADDRESS_NONE,
		    SETUP_DOMAIN, false, false },
		{ "a profile for what is no address", CONTRACT_APPLE,
		    ADDRESS_MALFORMED, SETUP_DOMAIN, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request request = { .contract = cases[i].contract,
			.address_state = cases[i].address };
		struct setup setup = { .status = cases[i].status };

		CASE(cases[i].name);
		assert_int_equal(
		    policy_publishes(&request, &setup, false), cases[i].told);
		assert_int_equal(policy_publishes(&request, &setup, true),
		    cases[i].told_as_domain);
	}
}

static void
names_that_need_certificates(void **state)
{
	(void)state;
	assert_true(slice_eq(policy_base(SLICE("autoconfig.a.example"), false),
	    SLICE("a.example")));
	assert_true(
	    slice_eq(policy_base(SLICE("ua-auto-config.a.example"), true),
		SLICE("a.example")));
	assert_int_equal(
	    policy_base(SLICE("ua-auto-config.a.example"), false).n, 0);
	assert_int_equal(policy_base(SLICE("a.example"), true).n, 0);
	assert_true(policy_is_local(SLICE("127.0.0.1")));
	assert_true(policy_is_local(SLICE("::1")));
	assert_false(policy_is_local(SLICE("192.0.2.1")));
	assert_false(policy_is_local(SLICE("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_as_clients_write_them),
		cmocka_unit_test(evolution_sends_a_digest),
		cmocka_unit_test(hosts_are_cleaned),
		cmocka_unit_test(paths_choose_the_contract),
		cmocka_unit_test(odd_requests_are_refused),
		cmocka_unit_test(a_query_has_its_limit),
		cmocka_unit_test(who_is_told),
		cmocka_unit_test(names_that_need_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
