#include "lmtpd/storer/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/scope.h"
#include "lmtpd/storer/session.h"

enum {
	STACK_BYTES = 256 * 1024,
	PAUSE_MS = 100, /* out of descriptors or threads: let some end */
};

struct server {
	struct storer *storer;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t ended;
	LIST_HEAD(, connection) connections;
	long n;
};

struct connection {
	struct server *server;
	int fd;
	LIST_ENTRY(connection) in_list;
};

/* --- one connection --------------------------------------------------- */

static void
enlist(struct server *server, struct connection *connection)
{
	(void)pthread_mutex_lock(&server->lock);
	LIST_INSERT_HEAD(&server->connections, connection, in_list);
	server->n++;
	(void)pthread_mutex_unlock(&server->lock);
}

static void
strike_off(struct connection *connection)
{
	struct server *server = connection->server;

	(void)pthread_mutex_lock(&server->lock);
	LIST_REMOVE(connection, in_list);
	server->n--;
	/* Under the lock: stop() may not shut down a reused number. */
	(void)close(connection->fd);
	(void)pthread_cond_signal(&server->ended);
	(void)pthread_mutex_unlock(&server->lock);
	free(connection);
}

static void *
run_connection(void *arg)
{
	struct connection *connection = arg;

	session_run(connection->server->storer, connection->fd);
	strike_off(connection);
	return NULL;
}

static int
start_thread(struct connection *connection)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, run_connection, connection);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

static int
start_connection(struct server *server, int *fd)
{
	struct connection *connection = calloc(1, sizeof *connection);
	int r;

	if (connection == NULL)
		abort();
	connection->server = server;
	connection->fd = take_fd(fd);
	enlist(server, connection);
	r = start_thread(connection);
	if (r < 0)
		strike_off(connection);
	return r;
}

/* --- who may connect -------------------------------------------------- */

static bool
is_welcome(const struct server *server, int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	    (peer.uid == 0 || peer.uid == server->storer->client_uid))
		return true;
	log_event(LOG_WARNING, NULL, "peer-refused", LOG_NUM("uid", peer.uid),
	    LOG_NUM("pid", peer.pid));
	return false;
}

static bool
has_room(struct server *server)
{
	long n;

	(void)pthread_mutex_lock(&server->lock);
	n = server->n;
	(void)pthread_mutex_unlock(&server->lock);
	if (n < server->storer->config->connections_max)
		return true;
	log_event(LOG_WARNING, NULL, "connection-refused",
	    LOG_TEXT("detail", "connections_max reached"));
	return false;
}

/* 0, or -errno when there is reason to pause. */
static int
take_connection(struct server *server, int listen_fd)
{
	AUTO_CLOSE int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return errno == EAGAIN || errno == EINTR ||
			       errno == ECONNABORTED
			   ? 0
			   : -errno;
	if (!is_welcome(server, fd) || !has_room(server))
		return 0;
	return start_connection(server, &fd);
}

/* --- all of them ------------------------------------------------------ */

/* Nothing more is read; what is being served is still answered. */
static void
stop(struct server *server)
{
	struct connection *connection;

	(void)pthread_mutex_lock(&server->lock);
	LIST_FOREACH(connection, &server->connections, in_list)
	{
		(void)shutdown(connection->fd, SHUT_RD);
	}
	while (server->n > 0)
		(void)pthread_cond_wait(&server->ended, &server->lock);
	(void)pthread_mutex_unlock(&server->lock);
}

int
server_run(struct storer *storer, int listen_fd, int stop_fd, struct why *why)
{
	struct server server = { .storer = storer,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.ended = PTHREAD_COND_INITIALIZER };
	struct pollfd p[] = { { .fd = stop_fd, .events = POLLIN },
		{ .fd = listen_fd, .events = POLLIN } };
	int r = 0;

	while (p[0].revents == 0) {
		if (poll(p, 2, -1) < 0 && errno != EINTR) {
			r = why_fail(why, errno, "wait for connections");
			break;
		}
		if (p[1].revents != 0 &&
		    take_connection(&server, listen_fd) < 0) {
			log_event(LOG_ERR, NULL, "out-of-room",
			    LOG_TEXT("detail", "no descriptor or thread"));
			(void)poll(p, 1, PAUSE_MS);
		}
	}
	stop(&server);
	return r;
}
