#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "fetcher/guard.h"

static bool
allows(const struct guard *guard, const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return guard_allows(guard, (struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return guard_allows(guard, (struct sockaddr *)&v6);
}

static void
addresses_of_our_own_are_refused(void **state)
{
	static const struct {
		const char *address;
		bool allowed;
	} cases[] = {
		{ "193.0.6.139", true },
		{ "2001:67c:2e8:22::c100:68b", true },
		{ "0.0.0.0", false },
		{ "10.255.255.255", false },
		{ "11.0.0.0", true },
		{ "100.63.255.255", true },
		{ "100.64.0.0", false },
		{ "127.0.0.1", false },
		{ "169.254.169.254", false },
		{ "172.15.255.255", true },
		{ "172.16.0.1", false },
		{ "172.32.0.1", true },
		{ "192.168.1.1", false },
		{ "198.19.255.255", false },
		{ "223.255.255.255", true },
		{ "224.0.0.1", false },
		{ "255.255.255.255", false },
		{ "::", false },
		{ "::1", false },
		{ "::ffff:127.0.0.1", false },
		{ "::ffff:193.0.6.139", true },
		{ "64:ff9b::10.0.0.1", false },
		{ "64:ff9b::193.0.6.139", true },
		{ "2002:a00:1::1", false },
		{ "fd00::1", false },
		{ "fe80::1", false },
		{ "ff02::1", false },
		{ "192.168.7.7", true }, /* the exception */
		{ "192.168.7.8", false },
		{ "fd77::5", true },
	};
	struct arena arena = ARENA_INIT;
	struct guard guard;
	struct why why;

	(void)state;
	assert_int_equal(guard_open(&guard, "192.168.7.7/32, fd77::/16",
			     "993, 995", &arena, &why),
	    0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].address);
		assert_int_equal(
		    allows(&guard, cases[i].address), cases[i].allowed);
	}
	assert_true(guard_allows_port(&guard, 995));
	assert_false(guard_allows_port(&guard, 25));
	arena_done(&arena);
}

static void
bad_settings_are_named(void **state)
{
	static const struct {
		const char *name, *networks, *ports, *detail;
	} cases[] = {
		{ "no address", "192.168.7/24", "110",
		    "allow_networks: \"192.168.7/24\" is none" },
		{ "too many bits", "10.0.0.0/33", "110",
		    "allow_networks: \"10.0.0.0/33\" is none" },
		{ "no port", "", "110, imap", "ports: \"imap\" is none" },
		{ "no such port", "", "65536", "ports: \"65536\" is none" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct guard guard;
		struct why why = { 0 };

		CASE(cases[i].name);
		assert_true(guard_open(&guard, cases[i].networks,
				cases[i].ports, &arena, &why) < 0);
		assert_string_equal(why.detail, cases[i].detail);
		arena_done(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_our_own_are_refused),
		cmocka_unit_test(bad_settings_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
