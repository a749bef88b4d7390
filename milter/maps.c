#include "milter/maps.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "core/addr.h"
#include "core/io.h"
#include "core/scope.h"
#include "milter/policy.h"

enum {
	/* Each smtpd, cleanup and trivial-rewrite keeps one per map. */
	CONNECTIONS_MAX = 2000,
	STACK_BYTES = 256 * 1024,
	IDLE_MS = 3600 * 1000, /* Postfix closes after 10 s without a request */
	SEND_MS = 30 * 1000,
	REPLY_MAX = 1024,
};

struct connection {
	struct maps *maps;
	struct connection *prev, *next;
	int fd;
};

struct maps {
	struct milter *milter;
	int listen_fd, stop_fd;
	pthread_t acceptor;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t left;
	struct connection *first;
	int n_connections;
};

/* --- answers ---------------------------------------------------------- */

static bool
is_map(struct slice map)
{
	return slice_eq(map, SLICE("virtual")) ||
	       slice_eq(map, SLICE("relay")) ||
	       slice_eq(map, SLICE("transport"));
}

/*
 * The domain that a request is about. A transport is asked for with the whole
 * address: Postfix takes a socketmap for a pattern, which has no parts.
 */
static struct slice
key_domain(const struct socketmap_request *request)
{
	long at = slice_rfind(request->key, '@');

	if (at < 0 || !slice_eq(request->map, SLICE("transport")))
		return request->key;
	return slice_tail(request->key, (size_t)at + 1);
}

/* What a map says of a domain; empty: it has nothing there. */
static struct slice
map_value(
    struct arena *arena, struct slice map, const struct domain_class *found)
{
	if (slice_eq(found->class, map))
		return found->class;
	if (!slice_eq(map, SLICE("transport")) || found->nexthop.n == 0)
		return SLICE("");
	return slice_of(
	    arena_printf(arena, "relay:%.*s", SLICE_FMT(found->nexthop)));
}

static enum socketmap_status
look_up(struct milter *milter, struct arena *arena,
    const struct socketmap_request *request, struct slice *text_out)
{
	struct domain_class found;
	struct slice domain;
	struct why why = { 0 };
	int r;

	*text_out = SLICE("");
	/* Postfix asks about anything that stands behind an @. */
	if (addr_domain(arena, key_domain(request), &domain) < 0)
		return SOCKETMAP_NOTFOUND;
	/* Postfix looks leaves up while it delivers them, also when the
	 * directory is away. */
	if (policy_is_leaf_domain(domain, milter->config.common.node))
		return SOCKETMAP_NOTFOUND;
	r = directory_domain_class(
	    milter->directory, arena, domain, &found, &why);
	if (r < 0) {
		*text_out = arena_slice(arena, slice_of(why.reply));
		return SOCKETMAP_TEMP;
	}
	if (r > 0)
		*text_out = map_value(arena, request->map, &found);
	return text_out->n > 0 ? SOCKETMAP_OK : SOCKETMAP_NOTFOUND;
}

void
maps_answer(struct milter *milter, const struct socketmap_request *request,
    struct buf *out)
{
	struct arena arena = ARENA_INIT;
	enum socketmap_status status = SOCKETMAP_TEMP;
	struct slice text =
	    SLICE("no such map: there are virtual, relay and transport");

	if (is_map(request->map))
		status = look_up(milter, &arena, request, &text);
	socketmap_write(out, status, text);
	arena_done(&arena);
}

/* --- a connection ----------------------------------------------------- */

/* Answers whatever is complete. 0, -EPROTO or -errno. */
static int
answer_all(const struct connection *c, struct buf *in)
{
	struct socketmap_request request;
	size_t used;
	int r;

	while ((r = socketmap_read(buf_slice(in), &request, &used)) > 0) {
		AUTO_BUF struct buf out = BUF_INIT(REPLY_MAX);

		maps_answer(c->maps->milter, &request, &out);
		r = io_send(c->fd, out.p, out.n, SEND_MS);
		if (r < 0)
			return r;
		buf_consume(in, used);
	}
	return r;
}

static void
serve(const struct connection *c)
{
	AUTO_BUF struct buf in = BUF_INIT(SOCKETMAP_FRAME_MAX);

	for (;;) {
		char octets[SOCKETMAP_FRAME_MAX];
		ssize_t n =
		    io_receive(c->fd, octets, sizeof octets - in.n, IDLE_MS);

		if (n <= 0 || buf_add(&in, octets, (size_t)n) < 0 ||
		    answer_all(c, &in) < 0)
			return;
	}
}

static void
join(struct maps *maps, struct connection *c)
{
	(void)pthread_mutex_lock(&maps->lock);
	c->next = maps->first;
	if (c->next != NULL)
		c->next->prev = c;
	maps->first = c;
	maps->n_connections++;
	(void)pthread_mutex_unlock(&maps->lock);
}

static void
leave(struct connection *c)
{
	struct maps *maps = c->maps;

	(void)pthread_mutex_lock(&maps->lock);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		maps->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	scope_close(&c->fd);
	maps->n_connections--;
	(void)pthread_cond_signal(&maps->left);
	(void)pthread_mutex_unlock(&maps->lock);
	free(c);
}

static void *
run_connection(void *arg)
{
	struct connection *c = arg;

	serve(c);
	leave(c);
	return NULL;
}

/* --- accepting -------------------------------------------------------- */

static bool
is_full(struct maps *maps)
{
	bool full;

	(void)pthread_mutex_lock(&maps->lock);
	full = maps->n_connections >= CONNECTIONS_MAX;
	(void)pthread_mutex_unlock(&maps->lock);
	return full;
}

/* Postfix takes a closed connection for a lookup to be repeated later. */
static void
start_connection(struct maps *maps, int fd)
{
	struct connection *c = calloc(1, sizeof *c);
	pthread_attr_t attr;
	pthread_t thread;

	if (c == NULL)
		abort();
	c->maps = maps;
	c->fd = fd;
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	join(maps, c);
	if (pthread_create(&thread, &attr, run_connection, c) != 0)
		leave(c);
	(void)pthread_attr_destroy(&attr);
}

static void
accept_one(struct maps *maps)
{
	AUTO_CLOSE int fd = accept4(maps->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0 && !is_full(maps))
		start_connection(maps, take_fd(&fd));
}

static void *
accept_all(void *arg)
{
	struct maps *maps = arg;
	struct pollfd fds[] = {
		{ .fd = maps->stop_fd, .events = POLLIN },
		{ .fd = maps->listen_fd, .events = POLLIN },
	};

	while (fds[0].revents == 0) {
		if (poll(fds, 2, -1) > 0 && fds[1].revents != 0)
			accept_one(maps);
	}
	return NULL;
}

/* --- life ------------------------------------------------------------- */

static void
free_maps(struct maps *maps)
{
	scope_close(&maps->listen_fd);
	scope_close(&maps->stop_fd);
	(void)pthread_cond_destroy(&maps->left);
	(void)pthread_mutex_destroy(&maps->lock);
	free(maps);
}

int
maps_start(struct milter *milter, int listen_fd, struct maps **maps_out,
    struct why *why)
{
	struct maps *maps = calloc(1, sizeof *maps);
	int error;

	if (maps == NULL)
		abort();
	maps->milter = milter;
	maps->listen_fd = listen_fd;
	(void)pthread_mutex_init(&maps->lock, NULL);
	(void)pthread_cond_init(&maps->left, NULL);
	maps->stop_fd = eventfd(0, EFD_CLOEXEC);
	error = maps->stop_fd < 0
		    ? errno
		    : pthread_create(&maps->acceptor, NULL, accept_all, maps);
	if (error != 0) {
		free_maps(maps);
		return why_fail(why, error, "serve socketmaps");
	}
	*maps_out = maps;
	return 0;
}

void
maps_stop(struct maps *maps)
{
	if (maps == NULL)
		return;
	(void)eventfd_write(maps->stop_fd, 1);
	(void)pthread_join(maps->acceptor, NULL);
	(void)pthread_mutex_lock(&maps->lock);
	for (struct connection *c = maps->first; c != NULL; c = c->next)
		(void)shutdown(c->fd, SHUT_RDWR);
	while (maps->n_connections > 0)
		(void)pthread_cond_wait(&maps->left, &maps->lock);
	(void)pthread_mutex_unlock(&maps->lock);
	free_maps(maps);
}
