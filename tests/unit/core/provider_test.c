#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/provider.h"

static int
read_text(const char *text, struct arena *arena, struct provider *provider,
    struct why *why)
{
	char path[] = "/tmp/hauspost-provider-XXXXXX";
	int r, fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	r = provider_read(path, arena, provider, why);
	(void)unlink(path);
	return r;
}

static void
the_domain_is_enough(void **state)
{
	struct arena arena = ARENA_INIT;
	struct provider provider;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(read_text("[hauspost]\nnode = h01.hosting.example\n"
				   "[provider]\ndomain = hosting.example\n",
			     &arena, &provider, &why),
	    0);
	assert_string_equal(
	    provider.service_host, "autoconfig.hosting.example");
	assert_string_equal(provider.name, "hosting.example");
	assert_string_equal(provider.mx, "10 h01.hosting.example");
	assert_false(provider.pacc);
	arena_done(&arena);
}

static void
a_short_name_is_cut_between_characters(void **state)
{
	struct arena arena = ARENA_INIT;
	struct provider provider;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(read_text("[provider]\ndomain = hosting.example\n"
				   "name = Gro\xC3\xDF"
				   "e \xC3\x9C"
				   "bersee Postgesellschaft\n",
			     &arena, &provider, &why),
	    -EINVAL); /* C3 DF is no UTF-8 */
	assert_int_equal(read_text("[provider]\ndomain = hosting.example\n"
				   "name = Gro\xC3\x9F"
				   "e \xC3\x9C"
				   "bersee Postgesellschaft\n",
			     &arena, &provider, &why),
	    0);
	assert_string_equal(provider.short_name, "Gro\xC3\x9F"
						 "e \xC3\x9C"
						 "bersee Postge");
	arena_done(&arena);
}

static void
mistakes_are_named(void **state)
{
	static const struct {
		const char *name, *text, *said;
	} cases[] = {
		{ "no domain", "", "domain: want" },
		{ "a domain in upper case", "domain = Hosting.example\n",
		    "domain: want" },
		{ "a label alone", "domain = hosting\n", "domain: want" },
		{ "a URL for a host",
		    "domain = h.example\nservice_host = https://h.example\n",
		    "service_host: want" },
		{ "a long name",
		    "domain = h.example\nname = "
		    "1234567890123456789012345678901234567890123456789012345678"
		    "901\n",
		    "name: want 60" },
		{ "a long short name",
		    "domain = h.example\nshort_name = 123456789012345678901\n",
		    "short_name: want 20" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct provider provider;
		struct why why = { 0 };

		CASE(cases[i].name);
		assert_int_equal(read_text(arena_printf(&arena,
					       "[provider]\n%s", cases[i].text),
				     &arena, &provider, &why),
		    -EINVAL);
		if (strstr(why.detail, cases[i].said) == NULL)
			fail_msg("%s", why.detail);
		arena_done(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_domain_is_enough),
		cmocka_unit_test(a_short_name_is_cut_between_characters),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
