#include "core/endpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/scope.h"

static void
one_send_is_one_receive_between_packet_endpoints(void **state)
{
	char folder[] = "/tmp/endpoint.XXXXXX", name[64], got[16];
	struct why why = { 0 };
	AUTO_CLOSE int listener = -1, here = -1, there = -1;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(name, sizeof name, "unix:%s/s", folder);
	listener = endpoint_listen_packets(name, "", &why);
	assert_true(listener >= 0);
	here = endpoint_connect_packets(name, 1000, &why);
	assert_true(here >= 0);
	there = accept(listener, NULL, NULL);
	assert_true(there >= 0);

	assert_int_equal(send(here, "one", 3, 0), 3);
	assert_int_equal(send(here, "three", 5, 0), 5);
	assert_int_equal(recv(there, got, sizeof got, 0), 3);
	assert_int_equal(recv(there, got, sizeof got, 0), 5);
	(void)unlink(name + sizeof "unix:" - 1);
	(void)rmdir(folder);
}

static void
packets_have_no_inet_endpoint(void **state)
{
	struct why why = { 0 };

	(void)state;
	assert_true(endpoint_listen_packets("inet:127.0.0.1:0", "", &why) < 0);
	assert_string_not_equal(why.detail, "");
}

static void
a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	char folder[] = "/tmp/endpoint.XXXXXX", name[64];
	struct why why = { 0 };
	int first, second;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(name, sizeof name, "unix:%s/s", folder);
	first = endpoint_listen(name, "", &why);
	assert_true(first >= 0);
	assert_int_equal(endpoint_listen(name, "", &why), -EADDRINUSE);
	assert_int_equal(endpoint_listen_packets(name, "", &why), -EADDRINUSE);
	(void)close(first);
	second = endpoint_listen(name, "", &why);
	assert_true(second >= 0);
	(void)close(second);
	(void)unlink(name + sizeof "unix:" - 1);
	(void)rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_stale_socket_is_replaced_and_a_live_one_is_not),
		cmocka_unit_test(
		    one_send_is_one_receive_between_packet_endpoints),
		cmocka_unit_test(packets_have_no_inet_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
