/* core/why and core/log: what is said, and to whom. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "core/log.h"

static void
our_own_trouble_is_never_permanent(void **state)
{
	static const struct {
		int error, code;
		const char *dsn;
	} cases[] = {
		{ EDQUOT, 452, "4.2.2" },
		{ ENOSPC, 452, "4.3.1" },
		{ EIO, 451, "4.3.0" },
		{ ENOENT, 451, "4.3.0" },
		{ EACCES, 451, "4.3.0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct why why;

		assert_int_equal(
		    why_errno(&why, cases[i].error, "open %s", "/secret/path"),
		    MAIL_TEMPFAIL);
		assert_int_equal(why.code, cases[i].code);
		assert_string_equal(why.dsn, cases[i].dsn);
		assert_null(strstr(why.reply, "secret"));
		assert_non_null(strstr(why.detail, "/secret/path"));
	}
}

static void
a_reply_stays_one_line(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(
	    why_say(&why, 550, "5.1.1", "no %s here", "a\r\n250 ok"),
	    MAIL_PERMFAIL);
	assert_string_equal(why.reply, "no a??250 ok here");
}

/* What log_event() writes to stderr. */
static void
logged(char *text, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_open("test", LOG_TO_STDERR, false);
	log_event(LOG_INFO, "4F1A", "stored", LOG_TEXT("to", "<a@b>"),
	    LOG_TEXT("odd", "x\" y=1\nstored qid=FAKE"), LOG_NUM("n", -3),
	    LOG_TEXT("empty", ""));
	log_event(LOG_DEBUG, NULL, "hidden", LOG_NUM("n", 1));
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	(void)close(ends[1]);
	n = read(ends[0], text, size - 1);
	(void)close(ends[0]);
	assert_true(n > 0);
	text[n] = '\0';
}

static void
data_never_becomes_a_second_key_or_line(void **state)
{
	char text[1024];

	(void)state;
	logged(text, sizeof text);
	assert_string_equal(text,
	    "test: stored qid=4F1A to=<a@b> "
	    "odd=\"x\\\" y=1\\x0astored qid=FAKE\" n=-3\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_trouble_is_never_permanent),
		cmocka_unit_test(a_reply_stays_one_line),
		cmocka_unit_test(data_never_becomes_a_second_key_or_line),
	};

	return cmocka_run_group_tests_name("core/why", tests, NULL, NULL);
}
