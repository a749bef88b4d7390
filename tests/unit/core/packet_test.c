#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/packet.h"

/* One socket pair a test; the other end is the peer. */
static int here, peer;

static int
connect_both(void **state)
{
	int ends[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	here = ends[0];
	peer = ends[1];
	return 0;
}

static int
close_both(void **state)
{
	(void)state;
	(void)close(here);
	(void)close(peer);
	return 0;
}

static int
send_text(const char *text, int fd)
{
	const struct iovec part = { (void *)text, strlen(text) };

	return packet_send(peer, &part, 1, fd);
}

/* How many descriptors this process has open. */
static int
count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
parts_arrive_as_one(void **state)
{
	const struct iovec parts[] = { { "head", 4 }, { "tail", 4 } };
	char got[16];
	int fd;

	(void)state;
	assert_int_equal(packet_send(peer, parts, 2, -1), 0);
	assert_int_equal(packet_receive(here, got, sizeof got, &fd), 8);
	assert_memory_equal(got, "headtail", 8);
	assert_int_equal(fd, -1);
}

static void
a_descriptor_arrives_and_is_closed_on_exec(void **state)
{
	int ends[2], fd;
	char got[16];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(send_text("take this", ends[1]), 0);
	assert_int_equal(packet_receive(here, got, sizeof got, &fd), 9);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(fd, "!", 1), 1);
	assert_int_equal(read(ends[0], got, sizeof got), 1);
	(void)close(fd);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
what_does_not_fit_is_gone_and_the_next_one_comes(void **state)
{
	char got[4];
	int fd, before;

	(void)state;
	before = count_open();
	assert_int_equal(send_text("too long", peer), 0);
	assert_int_equal(send_text("next", -1), 0);
	assert_int_equal(
	    packet_receive(here, got, sizeof got, &fd), -EBADMSG);
	assert_int_equal(fd, -1);
	assert_int_equal(count_open(), before);
	assert_int_equal(packet_receive(here, got, sizeof got, &fd), 4);
	assert_memory_equal(got, "next", 4);
}

/* As no caller of packet_send() can, so by hand. */
static void
send_two_descriptors(void)
{
	union {
		struct cmsghdr header;
		char octets[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct iovec part = { "two", 3 };
	struct msghdr packet = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	const int fds[] = { 0, 1 };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof fds);
	(void)memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
	assert_int_equal(sendmsg(peer, &packet, 0), 3);
}

static void
two_descriptors_are_none(void **state)
{
	char got[16];
	int fd, before = count_open();

	(void)state;
	send_two_descriptors();
	assert_int_equal(
	    packet_receive(here, got, sizeof got, &fd), -EBADMSG);
	assert_int_equal(fd, -1);
	assert_int_equal(count_open(), before);
}

static void
the_end_is_told_on_both_sides(void **state)
{
	char got[16];
	int fd;

	(void)state;
	(void)shutdown(peer, SHUT_WR);
	assert_int_equal(packet_receive(here, got, sizeof got, &fd), 0);
	(void)shutdown(here, SHUT_RD);
	assert_int_equal(send_text("anybody?", -1), -EPIPE);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, connect_both, close_both)
	const struct CMUnitTest tests[] = {
		CASE(parts_arrive_as_one),
		CASE(a_descriptor_arrives_and_is_closed_on_exec),
		CASE(what_does_not_fit_is_gone_and_the_next_one_comes),
		CASE(two_descriptors_are_none),
		CASE(the_end_is_told_on_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
