/*
 * tests/bench/storer_load.c - ask a storer to deliver, as fast as it answers.
 *
 *	storer_load SOCKET CONNECTIONS SECONDS PREFIX [OCTETS]
 *
 * Connection i delivers to mailbox PREFIX<i>, one message after the other.
 * Prints a line each second and at last "rate=<messages per second>"; ends
 * with 1 when any delivery failed.
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/endpoint.h"
#include "lmtpd/store_record.h"
#include "tests/bench/rate.h"

enum { CONNECTIONS_MAX = 1024, OCTETS = 4096, CONNECT_MS = 5000 };

struct load {
	const char *socket, *prefix;
	size_t octets;
	atomic_ulong failed;
	struct rate rate;
};

struct client {
	struct load *load;
	int number;
	pthread_t thread;
	struct {
		struct store_request record;
		char octets[STORE_INLINE_MAX];
	} packet;
};

static void
fill_packet(struct client *client)
{
	const struct load *load = client->load;
	struct store_request *record = &client->packet.record;

	record->version = STORE_VERSION;
	record->op = STORE_DELIVER;
	record->inline_size = (uint32_t)load->octets;
	record->message_size = load->octets;
	(void)snprintf(record->mailbox, sizeof record->mailbox, "%s%d",
	    load->prefix, client->number);
	(void)memset(client->packet.octets, 'x', load->octets);
}

static bool
deliver(struct client *client, int fd)
{
	const size_t size = sizeof client->packet.record + client->load->octets;
	struct store_answer answer;

	if (send(fd, &client->packet, size, 0) != (ssize_t)size ||
	    recv(fd, &answer, sizeof answer, 0) != (ssize_t)sizeof answer)
		err(EX_IOERR, "talk to the storer");
	if (answer.error != 0)
		warnx("%s", answer.detail);
	return answer.error == 0;
}

static void *
run_client(void *arg)
{
	struct client *client = arg;
	struct load *load = client->load;
	struct store_request *record = &client->packet.record;
	struct why why = { 0 };
	int fd = endpoint_connect_packets(load->socket, CONNECT_MS, &why);

	if (fd < 0)
		errx(EX_UNAVAILABLE, "%s", why.detail);
	fill_packet(client);
	for (unsigned long n = 0; !atomic_load(&load->rate.stop); n++) {
		(void)snprintf(record->name, sizeof record->name,
		    "%ld.M%lu.h01.example", clock_ms(), n);
		(void)atomic_fetch_add(
		    deliver(client, fd) ? &load->rate.done : &load->failed, 1);
	}
	(void)close(fd);
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct client clients[CONNECTIONS_MAX];
	struct load load = { .octets = OCTETS, .rate.what = "storer" };
	long n, seconds;

	if (argc < 5 || argc > 6)
		errx(EX_USAGE, "usage: storer_load SOCKET CONNECTIONS SECONDS "
			       "PREFIX [OCTETS]");
	load.socket = argv[1];
	n = rate_number(argv[2], CONNECTIONS_MAX);
	seconds = rate_number(argv[3], 3600);
	load.prefix = argv[4];
	if (argc == 6)
		load.octets = (size_t)rate_number(argv[5], STORE_INLINE_MAX);
	for (long i = 0; i < n; i++) {
		clients[i].load = &load;
		clients[i].number = (int)i;
		if (pthread_create(
			&clients[i].thread, NULL, run_client, &clients[i]) != 0)
			errx(EX_OSERR, "cannot start a thread");
	}
	rate_run(&load.rate, seconds);
	for (long i = 0; i < n; i++)
		(void)pthread_join(clients[i].thread, NULL);
	rate_print(&load.rate);
	return atomic_load(&load.failed) == 0 ? EX_OK : 1;
}
