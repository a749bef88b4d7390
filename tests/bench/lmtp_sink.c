/*
 * tests/bench/lmtp_sink.c - an LMTP server that keeps nothing, so that what is
 * measured is who sends.
 *
 *	lmtp_sink SOCKET [--plain]
 *
 * A thread for each connection. It offers XHAUSPOST, as hauspost-lmtpd does to
 * whom it trusts; with --plain it does not.
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/slice.h"

enum { INPUT = 64 * 1024, BACKLOG = 128 };

struct peer {
	int fd;
	char octets[INPUT];
	size_t from, to;
	char replies[4096]; /* that go out before the next wait (RFC 2920) */
	size_t n_replies;
};

static const char *hello = "250-sink\r\n250-8BITMIME\r\n250-XHAUSPOST\r\n"
			   "250 PIPELINING\r\n";

static void
flush(struct peer *peer)
{
	if (peer->n_replies > 0)
		(void)!send(
		    peer->fd, peer->replies, peer->n_replies, MSG_NOSIGNAL);
	peer->n_replies = 0;
}

static void
say(struct peer *peer, const char *text)
{
	size_t n = strlen(text);

	if (peer->n_replies + n > sizeof peer->replies)
		flush(peer);
	(void)memcpy(peer->replies + peer->n_replies, text, n);
	peer->n_replies += n;
}

/* A line without its end; false when the peer has gone, or writes too much. */
static bool
next_line(struct peer *peer, struct slice *line_out)
{
	char *end;
	ssize_t n;

	while ((end = memchr(peer->octets + peer->from, '\n',
		    peer->to - peer->from)) == NULL) {
		(void)memmove(peer->octets, peer->octets + peer->from,
		    peer->to - peer->from);
		peer->to -= peer->from;
		peer->from = 0;
		flush(peer);
		n = read(peer->fd, peer->octets + peer->to, INPUT - peer->to);
		if (n <= 0)
			return false;
		peer->to += (size_t)n;
	}
	*line_out = (struct slice){ peer->octets + peer->from,
		(size_t)(end - (peer->octets + peer->from)) };
	peer->from += line_out->n + 1;
	*line_out = slice_trim(*line_out);
	return true;
}

static bool
take_message(struct peer *peer)
{
	struct slice line;

	say(peer, "354 go\r\n");
	do {
		if (!next_line(peer, &line))
			return false;
	} while (!slice_eq(line, SLICE(".")));
	say(peer, "250 2.0.0 gone\r\n");
	return true;
}

static void *
serve(void *arg)
{
	struct peer peer = { .fd = (int)(intptr_t)arg };
	struct slice line;

	say(&peer, "220 sink\r\n");
	while (next_line(&peer, &line)) {
		if (slice_starts_nocase(line, SLICE("QUIT")))
			break;
		if (slice_starts_nocase(line, SLICE("LHLO")))
			say(&peer, hello);
		else if (!slice_starts_nocase(line, SLICE("DATA")))
			say(&peer, "250 2.0.0 ok\r\n");
		else if (!take_message(&peer))
			break;
	}
	(void)close(peer.fd);
	return NULL;
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof address.sun_path)
		errx(EX_USAGE, "%s", path);
	(void)strcpy(address.sun_path, path);
	(void)unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    chmod(path, 0666) < 0 || listen(fd, BACKLOG) < 0)
		err(EX_OSERR, "%s", path);
	return fd;
}

int
main(int argc, char **argv)
{
	pthread_t thread;
	int listener;

	if (argc < 2)
		errx(EX_USAGE, "usage: lmtp_sink SOCKET [--plain]");
	if (argc > 2)
		hello = "250-sink\r\n250-8BITMIME\r\n250 PIPELINING\r\n";
	listener = listen_at(argv[1]);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			err(EX_OSERR, "accept");
		if (pthread_create(
			&thread, NULL, serve, (void *)(intptr_t)fd) != 0)
			err(EX_OSERR, "thread");
		(void)pthread_detach(thread);
	}
}
