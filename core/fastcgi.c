#include "core/fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/endpoint.h"
#include "core/processes.h"

enum {
	DRAIN_MS = 5000, /* far above what an answer may take */
	DRAIN_STEP_MS = 10,
	HANDOVER_MS = 5, /* a free thread takes a connection sooner */
	STACK_BYTES = 256 << 10,
};

struct answerer {
	const struct fastcgi *fastcgi;
	atomic_int busy; /* requests that are being answered */
	atomic_int free; /* threads that wait for a connection */
};

static size_t
read_fastcgi(void *peer, char *octets, size_t n)
{
	FCGX_Request *request = peer;
	int got = FCGX_GetStr(octets, (int)n, request->in);

	return got > 0 ? (size_t)got : 0;
}

static void
write_fastcgi(void *peer, struct slice octets)
{
	FCGX_Request *request = peer;

	(void)FCGX_PutStr(octets.p, (int)octets.n, request->out);
}

static void
answer_one(
    struct answerer *answerer, struct arena *arena, FCGX_Request *request)
{
	struct web_exchange exchange = { request->envp, request, read_fastcgi,
		write_fastcgi };

	(void)atomic_fetch_add(&answerer->busy, 1);
	answerer->fastcgi->answer(answerer->fastcgi->arg, arena, &exchange);
	FCGX_Finish_r(request);
	(void)atomic_fetch_sub(&answerer->busy, 1);
	arena_done(arena); /* the next request may be another thread's */
}

/* FCGX_Free() would wait for the peer to hang up first, for 2 s at worst. */
static void
give_up_connection(FCGX_Request *request)
{
	int fd = request->ipcFd;

	FCGX_Free(request, 0);
	request->ipcFd = -1;
	(void)close(fd);
}

/*
 * The web server may keep the connection for more. That is worth much (three
 * times the answers), but it must not cost others: as soon as somebody waits
 * for a connection and no thread is free, this one is given up. The web server
 * sees that, or tries again where its next request was on the way.
 */
static void
wait_on_connection(struct answerer *answerer, FCGX_Request *request)
{
	struct pollfd fds[] = {
		{ .fd = request->ipcFd, .events = POLLIN },
		{ .fd = answerer->fastcgi->listen_fd, .events = POLLIN },
	};

	while (request->ipcFd >= 0) {
		(void)poll(fds, 2, -1);
		if (fds[0].revents != 0)
			break;
		if (atomic_load(&answerer->free) == 0)
			give_up_connection(request);
		else /* leave it to them */
			(void)poll(fds, 1, HANDOVER_MS);
	}
}

/* libfcgi fails when a peer goes away early: that is no reason to stop. */
static bool
next_request(struct answerer *answerer, FCGX_Request *request)
{
	int r;

	wait_on_connection(answerer, request);
	(void)atomic_fetch_add(&answerer->free, 1);
	r = FCGX_Accept_r(request);
	(void)atomic_fetch_sub(&answerer->free, 1);
	return r == 0;
}

static void *
answer_always(void *arg)
{
	struct answerer *answerer = arg;
	struct arena arena = ARENA_INIT;
	FCGX_Request request;

	if (FCGX_InitRequest(&request, answerer->fastcgi->listen_fd, 0) != 0)
		abort();
	for (;;) {
		if (next_request(answerer, &request))
			answer_one(answerer, &arena, &request);
		else /* out of descriptors perhaps, so not at full speed */
			(void)poll(NULL, 0, HANDOVER_MS);
	}
	return NULL;
}

static int
start_threads(struct answerer *answerer, struct why *why)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error = 0;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (long i = 0; i < answerer->fastcgi->threads && error == 0; i++)
		error = pthread_create(&thread, &attr, answer_always, answerer);
	(void)pthread_attr_destroy(&attr);
	return error != 0 ? why_fail(why, error, "start a thread") : 0;
}

/*
 * The threads wait in accept() or for the next request on a connection that
 * the web server keeps; ending there harms nobody.
 */
static void
drain(struct answerer *answerer)
{
	long end_ms = clock_ms() + DRAIN_MS;

	while (atomic_load(&answerer->busy) > 0 && clock_ms() < end_ms)
		(void)poll(NULL, 0, DRAIN_STEP_MS);
}

int
fastcgi_run(const struct fastcgi *fastcgi, struct why *why)
{
	struct answerer answerer = { fastcgi, 0, 0 };
	int r;

	/* One heap for all threads: what one has freed serves the next, where
	 * eight would each keep what a large answer once took. */
	(void)mallopt(M_ARENA_MAX, 1);
	if (FCGX_Init() != 0)
		return why_fail(why, ENOMEM, "start libfcgi");
	r = start_threads(&answerer, why);
	if (r == 0)
		r = processes_wait_stop(why);
	drain(&answerer);
	return r;
}

/* --- the socket ------------------------------------------------------- */

/* libfcgi takes a socket that says "none now" for one that is broken. */
static int
make_blocking(int fd, struct why *why)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return why_fail(why, errno, "fcntl");
	return fd;
}

int
fastcgi_listen(const char *listen, const char *group, struct why *why)
{
	int fd;

	if (sd_listen_fds(1) > 0)
		fd = SD_LISTEN_FDS_START;
	else if (!FCGX_IsCGI())
		fd = STDIN_FILENO;
	else
		fd = endpoint_listen(listen, group, why);
	return fd < 0 ? fd : make_blocking(fd, why);
}
