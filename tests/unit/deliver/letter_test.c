#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "deliver/letter.h"

static int
pipe_with(const void *octets, size_t n)
{
	int fd = memfd_create("in", MFD_CLOEXEC);

	assert_int_equal(write(fd, octets, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static const struct {
	const char *name, *in, *out;
	const char *sender; /* NULL: none is told */
} cases[] = {
	{ "a message stays as it is", "A: b\n\nc\n", "A: b\n\nc\n", NULL },
	{ "procmail's From line goes and tells the sender",
	    "From a@b.example  Tue Nov 24 08:00:00 2026\nA: b\n\nc\n",
	    "A: b\n\nc\n", "a@b.example" },
	{ "a name in it stands for the null sender",
	    "From MAILER-DAEMON  Tue Nov 24\n\nc\n", "\nc\n", "" },
	{ "Return-Path knows it better",
	    "From x@y Tue\nReturn-Path: <a@b.example>\n\nc\n",
	    "Return-Path: <a@b.example>\n\nc\n", "a@b.example" },
	{ "the null sender is one, too", "Return-Path: <>\n\nc\n",
	    "Return-Path: <>\n\nc\n", "" },
	{ "a From field is no From line", "From: a@b\n\nc\n",
	    "From: a@b\n\nc\n", NULL },
	{ "a Return-Path in the body is text", "A: b\n\nReturn-Path: <a@b>\n",
	    "A: b\n\nReturn-Path: <a@b>\n", NULL },
	{ "nothing but a From line", "From a@b Tue", "", "a@b" },
	{ "nothing at all", "", "", NULL },
};

static void
letters_are_read(void **state)
{
	struct arena arena = ARENA_INIT;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = pipe_with(cases[i].in, strlen(cases[i].in));
		struct letter letter;
		char text[200];
		ssize_t n;

		CASE(cases[i].name);
		assert_int_equal(letter_open(&arena, fd, &letter, &why), 0);
		n = pread(letter.fd, text, sizeof text, (off_t)letter.offset);
		assert_int_equal(n, letter.size);
		assert_slice((struct slice){ text, (size_t)n }, cases[i].out);
		if (cases[i].sender == NULL)
			assert_null(letter.sender.p);
		else
			assert_slice(letter.sender, cases[i].sender);
		letter_close(&letter);
		(void)close(fd);
	}
	arena_done(&arena);
}

static void
a_large_one_comes_whole(void **state)
{
	const size_t size = 3 << 20;
	char *octets = calloc(1, size);
	struct arena arena = ARENA_INIT;
	struct letter letter;
	struct why why;
	int fd;

	(void)state;
	(void)memset(octets, 'x', size);
	fd = pipe_with(octets, size);
	assert_int_equal(letter_open(&arena, fd, &letter, &why), 0);
	assert_int_equal(letter.size, size);
	assert_int_equal(lseek(letter.fd, 0, SEEK_END), size);
	letter_close(&letter);
	(void)close(fd);
	free(octets);
	arena_done(&arena);
}

static void
what_can_not_be_read_defers(void **state)
{
	struct arena arena = ARENA_INIT;
	struct letter letter;
	struct why why;

	(void)state;
	assert_true(letter_open(&arena, -1, &letter, &why) < 0);
	assert_int_equal(why.verdict, MAIL_TEMPFAIL);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_are_read),
		cmocka_unit_test(a_large_one_comes_whole),
		cmocka_unit_test(what_can_not_be_read_defers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
