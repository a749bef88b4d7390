/* Real connections over loopback; the kernel is asked about them. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/scope.h"
#include "milter/sockdiag.h"

enum { NOBODY = 65534 };

union place {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static union place
loopback(int family)
{
	union place place = { .any.sa_family = (sa_family_t)family };

	if (family == AF_INET)
		place.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		place.in6.sin6_addr = in6addr_loopback;
	return place;
}

/* A listening socket; place is where it really is. */
static int
listening(int family, union place *place)
{
	socklen_t n = sizeof *place;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*place = loopback(family);
	if (fd < 0 || bind(fd, &place->any, n) < 0)
		return -1; /* no IPv6 here */
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, &place->any, &n), 0);
	return fd;
}

static struct sockdiag_end
end_of(const union place *place)
{
	char addr[INET6_ADDRSTRLEN], port[8];
	struct sockdiag_end end;
	bool v4 = place->any.sa_family == AF_INET;
	const void *at = v4 ? (const void *)&place->in.sin_addr
			    : (const void *)&place->in6.sin6_addr;

	(void)inet_ntop(place->any.sa_family, at, addr, sizeof addr);
	(void)snprintf(port, sizeof port, "%u",
	    ntohs(v4 ? place->in.sin_port : place->in6.sin6_port));
	assert_true(sockdiag_end(slice_of(addr), slice_of(port), &end));
	return end;
}

/* As Postfix would: who is at the other end of the accepted connection? */
static int
owner(int accepted, uid_t *uid_out)
{
	union place client, server;
	socklen_t n = sizeof client, m = sizeof server;
	struct sockdiag_end from, to;
	struct why why;

	assert_int_equal(getpeername(accepted, &client.any, &n), 0);
	assert_int_equal(getsockname(accepted, &server.any, &m), 0);
	from = end_of(&client);
	to = end_of(&server);
	assert_true(sockdiag_is_loopback(&from));
	return sockdiag_uid(&from, &to, uid_out, &why);
}

static void
our_own_connection_is_ours(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		union place place;
		AUTO_CLOSE int server = listening(families[i], &place);
		AUTO_CLOSE int client =
		    socket(families[i], SOCK_STREAM | SOCK_CLOEXEC, 0);
		AUTO_CLOSE int accepted = -1;
		uid_t uid = 12345;

		if (server < 0)
			continue;
		assert_int_equal(connect(client, &place.any, sizeof place), 0);
		accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		assert_int_equal(owner(accepted, &uid), 1);
		assert_int_equal(uid, geteuid());
	}
}

/* An IPv6 socket that talks IPv4 is the same connection to the server. */
static void
a_mapped_address_is_found(void **state)
{
	union place place, mapped = { .any.sa_family = AF_INET6 };
	AUTO_CLOSE int server = listening(AF_INET, &place);
	AUTO_CLOSE int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_CLOSE int accepted = -1;
	uid_t uid = 12345;

	(void)state;
	if (client < 0)
		return;
	(void)inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.in6.sin6_addr);
	mapped.in6.sin6_port = place.in.sin_port;
	if (connect(client, &mapped.any, sizeof mapped) < 0)
		return;
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(owner(accepted, &uid), 1);
	assert_int_equal(uid, geteuid());
}

/* A child that connects as another user and stays until the pipe closes. */
static pid_t
connect_as(uid_t uid, const union place *place, const int until[2])
{
	pid_t child = fork();
	char c;
	int fd;

	if (child != 0)
		return child;
	(void)close(until[1]);
	if (setgid(uid) < 0 || setuid(uid) < 0)
		_exit(1);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, &place->any, sizeof *place) < 0)
		_exit(2);
	(void)!read(until[0], &c, 1);
	_exit(0);
}

static void
another_users_connection_is_his(void **state)
{
	union place place;
	AUTO_CLOSE int server = listening(AF_INET, &place);
	int until[2], status;
	uid_t uid = 0;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(until), 0);
	child = connect_as(NOBODY, &place, until);
	{
		AUTO_CLOSE int accepted =
		    accept4(server, NULL, NULL, SOCK_CLOEXEC);

		assert_int_equal(owner(accepted, &uid), 1);
	}
	assert_int_equal(uid, NOBODY);
	(void)close(until[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	(void)close(until[0]);
}

/* A socket that only listens there belongs to somebody, too: not his. */
static void
no_connection_has_no_owner(void **state)
{
	union place place;
	AUTO_CLOSE int server = listening(AF_INET, &place);
	struct sockdiag_end there = end_of(&place), here = there;
	struct why why;
	uid_t uid;

	(void)state;
	here.port = 1;
	assert_int_equal(sockdiag_uid(&here, &there, &uid, &why), 0);
	assert_int_equal(sockdiag_uid(&there, &here, &uid, &why), 0);
}

static void
a_closed_connection_has_no_owner(void **state)
{
	union place place;
	AUTO_CLOSE int server = listening(AF_INET, &place);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_CLOSE int accepted = -1;
	uid_t uid;

	(void)state;
	assert_int_equal(connect(client, &place.any, sizeof place), 0);
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	(void)close(client);
	assert_int_equal(owner(accepted, &uid), 0);
}

static void
addresses(void **state)
{
	static const struct {
		const char *name, *addr, *port;
		bool ok, loopback;
	} cases[] = {
		{ "IPv4", "127.0.0.1", "25", true, true },
		{ "the other loopback addresses", "127.9.9.9", "25", true,
		    true },
		{ "IPv6", "::1", "25", true, true },
		{ "IPv6 as Postfix writes it", "IPv6:::1", "25", true, true },
		{ "IPv4 inside IPv6", "::ffff:127.0.0.1", "25", true, true },
		{ "a stranger", "192.0.2.1", "25", true, false },
		{ "a stranger by IPv6", "2001:db8::1", "25", true, false },
		{ "no address", "unknown", "25", false, false },
		{ "no port", "127.0.0.1", "", false, false },
		{ "a port too high", "127.0.0.1", "65536", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sockdiag_end end;

		CASE(cases[i].name);
		assert_int_equal(sockdiag_end(slice_of(cases[i].addr),
				     slice_of(cases[i].port), &end),
		    cases[i].ok);
		if (cases[i].ok)
			assert_int_equal(
			    sockdiag_is_loopback(&end), cases[i].loopback);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_connection_is_ours),
		cmocka_unit_test(a_mapped_address_is_found),
		cmocka_unit_test(another_users_connection_is_his),
		cmocka_unit_test(no_connection_has_no_owner),
		cmocka_unit_test(a_closed_connection_has_no_owner),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("sockdiag", tests, NULL, NULL);
}
