#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/message.h"

enum { SIZE_MAX_BYTES = 16 * 1024 * 1024 };

/* The text as another process would read it. */
static struct buf
read_back(struct message *message)
{
	struct buf text = BUF_INIT(2 * SIZE_MAX_BYTES);
	struct why why;
	char chunk[8192];
	int fd = message_fd(message, &why);
	ssize_t n;

	assert_true(fd >= 0);
	while ((n = pread(fd, chunk, sizeof chunk, (off_t)text.n)) > 0)
		(void)buf_add(&text, chunk, (size_t)n);
	assert_int_equal(n, 0);
	return text;
}

static void
add_lines(struct message *message, struct buf *same, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice line = SLICE("0123456789 0123456789 0123456789\n");

		message_add(message, line);
		(void)buf_add_slice(same, line);
	}
}

static void
small_ones_stay_in_memory(void **state)
{
	struct message message;
	struct why why;

	(void)state;
	message_init(&message, "/nonexistent");
	message_reset(&message, SIZE_MAX_BYTES);
	message_add(&message, SLICE("Subject: a\n\nb\0"));
	message_add(&message, SLICE("c\n"));
	assert_int_equal(message_finish(&message, &why), MAIL_OK);
	assert_int_equal(message.size_bytes, 16);
	assert_int_equal(message.line_ends, 3);
	assert_memory_equal(
	    message_text(&message).p, "Subject: a\n\nb\0c\n", 16);
	assert_slice(message_header(&message), "Subject: a\n");
	message_done(&message);
}

static void
large_ones_go_to_the_spool_unchanged(void **state)
{
	/* Around the threshold, and with pieces above the write size. */
	static const size_t lines[] = { 7943, 7944, 7945, 100000 };
	struct message message;
	struct why why;

	(void)state;
	message_init(&message, "/tmp");
	for (size_t i = 0; i < COUNT(lines); i++) {
		AUTO_BUF struct buf want = BUF_INIT(SIZE_MAX_BYTES);
		struct buf got;
		char *big = calloc(1, 3 * MESSAGE_WRITE_BYTES);

		message_reset(&message, SIZE_MAX_BYTES);
		add_lines(&message, &want, lines[i]);
		message_add(
		    &message, (struct slice){ big, 3 * MESSAGE_WRITE_BYTES });
		(void)buf_add(&want, big, 3 * MESSAGE_WRITE_BYTES);
		add_lines(&message, &want, 3);
		assert_int_equal(message_finish(&message, &why), MAIL_OK);
		assert_null(message_text(&message).p);
		assert_int_equal(message.size_bytes, want.n);
		assert_int_equal(message.line_ends, lines[i] + 3);
		got = read_back(&message);
		assert_int_equal(got.n, want.n);
		assert_memory_equal(got.p, want.p, want.n);
		buf_free(&got);
		free(big);
	}
	message_done(&message);
}

static void
a_descriptor_only_reads(void **state)
{
	struct message message;
	struct buf got;
	struct why why;
	int fd;

	(void)state;
	message_init(&message, "/tmp");
	message_reset(&message, SIZE_MAX_BYTES);
	message_add(&message, SLICE("a\n"));
	assert_int_equal(message_finish(&message, &why), MAIL_OK);
	fd = message_fd(&message, &why);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	got = read_back(&message);
	assert_slice(buf_slice(&got), "a\n");
	buf_free(&got);
	message_done(&message);
}

static void
return_path_fields_are_taken_out(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "at the top", "Return-Path: <a>\nA: b\n\nc\n",
		    "A: b\n\nc\n" },
		{ "in the middle, folded, in any case",
		    "A: b\nRETURN-path : <a>\n\tb\nC: d\n\ne\n",
		    "A: b\nC: d\n\ne\n" },
		{ "several", "Return-Path: <>\nReturn-Path: <>\n\nc\n",
		    "\nc\n" },
		{ "not in the body", "A: b\n\nReturn-Path: <a>\n",
		    "A: b\n\nReturn-Path: <a>\n" },
		{ "not as part of a name", "X-Return-Path: <a>\n\n",
		    "X-Return-Path: <a>\n\n" },
		{ "a header without body", "Return-Path: <a>\n", "" },
		{ "an empty message", "", "" },
	};
	struct message message;
	struct why why;

	(void)state;
	message_init(&message, "/tmp");
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t lines = 0;

		CASE(cases[i].name);
		message_reset(&message, SIZE_MAX_BYTES);
		message_add(&message, slice_of(cases[i].text));
		assert_int_equal(message_finish(&message, &why), MAIL_OK);
		assert_slice(message_text(&message), cases[i].want);
		assert_int_equal(message.size_bytes, strlen(cases[i].want));
		for (const char *p = cases[i].want; *p != '\0'; p++)
			lines += *p == '\n';
		assert_int_equal(message.line_ends, lines);
	}
	message_done(&message);
}

static void
return_path_fields_are_taken_out_of_large_ones(void **state)
{
	AUTO_BUF struct buf want = BUF_INIT(SIZE_MAX_BYTES);
	struct message message;
	struct buf got;
	struct why why;

	(void)state;
	message_init(&message, "/tmp");
	message_reset(&message, SIZE_MAX_BYTES);
	message_add(&message, SLICE("Return-Path: <a>\nA: b\n\n"));
	(void)buf_add_text(&want, "A: b\n\n");
	add_lines(&message, &want, 20000);
	assert_int_equal(message_finish(&message, &why), MAIL_OK);
	assert_int_equal(message.size_bytes, want.n);
	assert_int_equal(message.line_ends, 20002);
	assert_slice(message_header(&message), "A: b\n");
	got = read_back(&message);
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
	buf_free(&got);
	message_done(&message);
}

static void
too_large_is_refused_for_good(void **state)
{
	AUTO_BUF struct buf same = BUF_INIT(SIZE_MAX_BYTES);
	struct message message;
	struct why why;

	(void)state;
	message_init(&message, "/tmp");
	message_reset(&message, 400000);
	add_lines(&message, &same, 20000);
	assert_int_equal(message_finish(&message, &why), MAIL_PERMFAIL);
	assert_int_equal(why.code, 552);
	assert_string_equal(why.dsn, "5.3.4");
	message_reset(&message, SIZE_MAX_BYTES); /* and it serves again */
	message_add(&message, SLICE("a\n"));
	assert_int_equal(message_finish(&message, &why), MAIL_OK);
	assert_slice(message_text(&message), "a\n");
	message_done(&message);
}

static void
the_whole_text_is_seen_wherever_it_is(void **state)
{
	static const size_t sizes[] = { 0, 10, MESSAGE_MEMORY_MAX + 1000 };
	struct message message;
	struct slice text;
	struct why why;

	(void)state;
	message_init(&message, "/tmp");
	for (size_t i = 0; i < COUNT(sizes); i++) {
		message_reset(&message, UINT64_MAX);
		for (size_t n = 0; n < sizes[i]; n++)
			message_add(
			    &message, n % 70 == 69 ? SLICE("\n") : SLICE("x"));
		assert_int_equal(message_finish(&message, &why), MAIL_OK);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(message_map(&message, &text, &why), 0);
			assert_int_equal(text.n, sizes[i]);
			assert_true(text.n == 0 || text.p[0] == 'x');
			assert_true(text.n == 0 || text.p[text.n - 1] == 'x');
		}
	}
	message_done(&message);
}

static void
a_spool_that_fails_defers(void **state)
{
	AUTO_BUF struct buf same = BUF_INIT(SIZE_MAX_BYTES);
	struct message message;
	struct why why;

	(void)state;
	message_init(&message, "/nonexistent");
	message_reset(&message, SIZE_MAX_BYTES);
	add_lines(&message, &same, 20000);
	assert_int_equal(message_finish(&message, &why), MAIL_TEMPFAIL);
	assert_int_equal(why.code, 451);
	message_done(&message);
}

/* /dev/full takes no octet: what a full disk looks like. */
static void
a_full_spool_defers(void **state)
{
	AUTO_BUF struct buf same = BUF_INIT(SIZE_MAX_BYTES);
	struct message message;
	struct why why;

	(void)state;
	message_init(&message, "/tmp");
	message_reset(&message, SIZE_MAX_BYTES);
	add_lines(&message, &same, 10000);
	assert_true(message.spool_fd >= 0);
	(void)close(message.spool_fd);
	message.spool_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	add_lines(&message, &same, 10000);
	assert_int_equal(message_finish(&message, &why), MAIL_TEMPFAIL);
	assert_int_equal(why.code, 452);
	assert_string_equal(why.dsn, "4.3.1");
	message_done(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones_stay_in_memory),
		cmocka_unit_test(large_ones_go_to_the_spool_unchanged),
		cmocka_unit_test(a_descriptor_only_reads),
		cmocka_unit_test(return_path_fields_are_taken_out),
		cmocka_unit_test(
		    return_path_fields_are_taken_out_of_large_ones),
		cmocka_unit_test(too_large_is_refused_for_good),
		cmocka_unit_test(the_whole_text_is_seen_wherever_it_is),
		cmocka_unit_test(a_spool_that_fails_defers),
		cmocka_unit_test(a_full_spool_defers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
