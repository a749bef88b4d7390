#include "core/guests.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

enum { ACCEPT_PAUSE_MS = 100 }; /* when descriptors have run out */

struct guests {
	struct guests_options options;
	pthread_attr_t attr;
	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t left;
	long n;
};

struct guest {
	struct guests *guests;
	int fd, door;
};

struct guests *
guests_new(const struct guests_options *options)
{
	struct guests *guests = calloc(1, sizeof *guests);

	if (guests == NULL)
		abort();
	guests->options = *options;
	(void)pthread_attr_init(&guests->attr);
	(void)pthread_attr_setstacksize(&guests->attr, options->stack_bytes);
	(void)pthread_attr_setdetachstate(
	    &guests->attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_mutex_init(&guests->lock, NULL);
	clock_cond_init(&guests->left);
	return guests;
}

void
guests_free(struct guests *guests)
{
	(void)pthread_attr_destroy(&guests->attr);
	(void)pthread_cond_destroy(&guests->left);
	(void)pthread_mutex_destroy(&guests->lock);
	free(guests);
}

static bool
enter(struct guests *guests)
{
	bool room;

	(void)pthread_mutex_lock(&guests->lock);
	room = guests->n < guests->options.most;
	if (room)
		guests->n++;
	(void)pthread_mutex_unlock(&guests->lock);
	return room;
}

static void
leave(struct guests *guests)
{
	(void)pthread_mutex_lock(&guests->lock);
	guests->n--;
	(void)pthread_cond_signal(&guests->left);
	(void)pthread_mutex_unlock(&guests->lock);
}

static void *
serve_guest(void *arg)
{
	struct guest guest = *(struct guest *)arg;
	const struct guests_options *options = &guest.guests->options;

	free(arg);
	options->serve(options->host, guest.fd, guest.door);
	/* Who sees the connection end may come again at once. */
	leave(guest.guests);
	(void)close(guest.fd);
	return NULL;
}

static bool
start_thread(struct guests *guests, int fd, int door)
{
	struct guest *guest = malloc(sizeof *guest);
	pthread_t thread;

	if (guest == NULL)
		abort();
	*guest = (struct guest){ guests, fd, door };
	if (pthread_create(&thread, &guests->attr, serve_guest, guest) == 0)
		return true;
	free(guest);
	leave(guests);
	return false;
}

bool
guests_admit(struct guests *guests, int fd, int door)
{
	const struct guests_options *options = &guests->options;
	const int on = 1;

	/* Replies are one write each; fails harmlessly on a unix socket. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (enter(guests) && start_thread(guests, fd, door))
		return true;
	options->turn_away(options->host, fd, door);
	(void)close(fd);
	return false;
}

void
guests_accept_failed(int error)
{
	if (error != EMFILE && error != ENFILE && error != ENOMEM)
		return;
	/* The connection stays in the backlog: without a pause we would be
	 * told of it again at once. */
	log_event(LOG_ERR, NULL, "accept-failed",
	    LOG_TEXT("detail", strerror(error)));
	(void)usleep(ACCEPT_PAUSE_MS * 1000);
}

bool
guests_wait(struct guests *guests, long timeout_ms)
{
	struct timespec deadline = clock_deadline(timeout_ms);
	bool gone;
	int r = 0;

	(void)pthread_mutex_lock(&guests->lock);
	while (guests->n > 0 && r == 0)
		r = pthread_cond_timedwait(
		    &guests->left, &guests->lock, &deadline);
	gone = guests->n == 0;
	(void)pthread_mutex_unlock(&guests->lock);
	return gone;
}

static void
accept_one(struct guests *guests, int listen_fd)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		(void)guests_admit(guests, fd, 0);
	else
		guests_accept_failed(errno);
}

void
guests_accept(struct guests *guests, int listen_fd, int term_fd)
{
	struct pollfd p[] = {
		{ .fd = listen_fd, .events = POLLIN },
		{ .fd = term_fd, .events = POLLIN },
	};

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents != 0)
			return;
		if (p[0].revents != 0)
			accept_one(guests, listen_fd);
	}
}
