#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/config.h"

struct sample {
	struct config_common common;
	const char *listen;
	long idle_ms, spool_bytes, workers;
	bool strict;
};

static const struct config_key keys[] = {
	CONFIG_TEXT(struct sample, listen, listen, "unix:/s", "where"),
	CONFIG_MS(
	    struct sample, idle, idle_ms, "5m", 1000, 3600000, "how long"),
	CONFIG_BYTES(struct sample, spool, spool_bytes, "256K", 0, 1L << 30,
	    "how large"),
	CONFIG_COUNT(struct sample, workers, workers, "2", 1, 64, "how many"),
	CONFIG_FLAG(struct sample, strict, strict, "no", "whether"),
	CONFIG_END,
};

static int
read_text(const char *text, struct sample *sample, struct arena *arena,
    struct why *why)
{
	char path[] = "/tmp/hauspost-config-XXXXXX";
	int r, fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	r = config_read(path, "sample", keys, sample, arena, why);
	(void)unlink(path);
	return r;
}

static void
the_own_section_wins(void **state)
{
	struct arena arena = ARENA_INIT;
	struct sample sample;
	struct why why;

	(void)state;
	assert_int_equal(
	    read_text("[sample]\nidle = 90s\nuser = me\n"
		      "[hauspost]\nnode = h01.hosting.example\nuser = all\n"
		      "[other]\nwhatever = 1\n"
		      "[sample]\nspool = 1M\nstrict = yes\n",
		&sample, &arena, &why),
	    0);
	assert_string_equal(sample.common.node, "h01.hosting.example");
	assert_string_equal(sample.common.user, "me");
	assert_int_equal(sample.idle_ms, 90000);
	assert_int_equal(sample.spool_bytes, 1 << 20);
	assert_int_equal(sample.workers, 2);
	assert_true(sample.strict);
	assert_string_equal(sample.listen, "unix:/s");
	arena_done(&arena);
}

static void
mistakes_are_named_with_their_line(void **state)
{
	static const struct {
		const char *name, *text, *said;
	} cases[] = {
		{ "an unknown key", "[sample]\n\nidel = 5s\n",
		    ":3: [sample] has no key idel" },
		{ "an unknown common key", "[hauspost]\nnodes = x\n",
		    ":2: [hauspost] has no key nodes" },
		{ "a number without its unit", "[sample]\nidle = 90\n",
		    ":2: idle = 90: want a duration" },
		{ "a number out of range", "[sample]\nworkers = 65\n",
		    ":2: workers = 65: want a number" },
		{ "a number that overflows",
		    "[sample]\nspool = 9999999999999999G\n", ":2: spool" },
		{ "a flag that is neither", "[sample]\nstrict = maybe\n",
		    "want yes or no" },
		{ "no key at all", "[sample]\nnonsense\n", ":2: want" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct sample sample;
		struct why why = { 0 };

		CASE(cases[i].name);
		assert_int_equal(
		    read_text(cases[i].text, &sample, &arena, &why), -EINVAL);
		if (strstr(why.detail, cases[i].said) == NULL)
			fail_msg("%s", why.detail);
		arena_done(&arena);
	}
}

static void
a_missing_file_is_named(void **state)
{
	struct arena arena = ARENA_INIT;
	struct sample sample;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(config_read("/nonexistent/hauspost.conf", "sample",
			     keys, &sample, &arena, &why),
	    -ENOENT);
	assert_non_null(strstr(why.detail, "/nonexistent/hauspost.conf"));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_own_section_wins),
		cmocka_unit_test(mistakes_are_named_with_their_line),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests_name("core/config", tests, NULL, NULL);
}
