#include "lmtpd/front/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/program.h"
#include "core/scope.h"
#include "lmtpd/front/caller.h"
#include "lmtpd/front/chores.h"
#include "lmtpd/front/sandbox.h"
#include "lmtpd/front/suspects.h"

enum {
	/* Deepest known use is below 64 KB, a Sieve script may nest and
	 * include, resolver libraries like more. */
	SESSION_STACK = 512 * 1024,
	ACCEPT_PAUSE_MS = 100, /* when descriptors have run out */
};

struct worker {
	const struct worker_task *task;
	struct lmtpd lmtpd;
	pthread_attr_t thread_attr;
	int epoll_fd, term_fd;
	struct callers callers;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t left;
	long sessions;
};

/* --- sessions --------------------------------------------------------- */

struct guest {
	struct worker *worker;
	int fd;
	enum peer peer;
};

static bool
enter(const struct guest *guest)
{
	struct worker *worker = guest->worker;
	bool room;

	if (guest->peer == PEER_USER &&
	    !callers_enter(&worker->callers, guest->fd))
		return false;
	(void)pthread_mutex_lock(&worker->lock);
	room = worker->sessions < worker->task->settings->sessions_max;
	if (room)
		worker->sessions++;
	(void)pthread_mutex_unlock(&worker->lock);
	if (!room && guest->peer == PEER_USER)
		callers_leave(&worker->callers, guest->fd);
	return room;
}

static void
leave(const struct guest *guest)
{
	struct worker *worker = guest->worker;

	if (guest->peer == PEER_USER)
		callers_leave(&worker->callers, guest->fd);
	(void)pthread_mutex_lock(&worker->lock);
	worker->sessions--;
	(void)pthread_cond_signal(&worker->left);
	(void)pthread_mutex_unlock(&worker->lock);
}

static void *
serve_guest(void *arg)
{
	struct guest guest = *(struct guest *)arg;

	free(arg);
	session_serve(&guest.worker->lmtpd, guest.fd, guest.peer);
	leave(&guest);
	(void)close(guest.fd);
	return NULL;
}

static int
start_thread(const struct guest *who)
{
	struct guest *guest = malloc(sizeof *guest);
	pthread_t thread;
	int r;

	if (guest == NULL)
		abort();
	*guest = *who;
	r = pthread_create(
	    &thread, &who->worker->thread_attr, serve_guest, guest);
	if (r != 0)
		free(guest);
	return r;
}

static void
turn_away(const struct guest *guest)
{
	session_turn_away(&guest->worker->lmtpd, guest->fd);
	(void)close(guest->fd);
}

static void
admit(struct worker *worker, int fd, enum peer peer)
{
	const struct guest guest = { worker, fd, peer };
	const int on = 1;

	/* Replies are one write each; fails harmlessly on a unix socket. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!enter(&guest)) {
		turn_away(&guest);
		return;
	}
	if (start_thread(&guest) != 0) {
		leave(&guest);
		turn_away(&guest);
		return;
	}
	figures_add(&worker->lmtpd.shared->figures, FIGURE_SESSIONS, 1);
}

/* --- the loop --------------------------------------------------------- */

static void
accept_guests(struct worker *worker, const struct listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		admit(worker, fd, listener->peer);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
		/* The connection stays in the backlog: without a pause we
		 * would be told of it again at once. */
		log_event(LOG_ERR, NULL, "accept-failed",
		    LOG_TEXT("detail", strerror(errno)));
		(void)usleep(ACCEPT_PAUSE_MS * 1000);
	}
}

static int
watch(struct worker *worker, int fd, uint32_t events, const void *what)
{
	struct epoll_event event = { .events = events,
		.data.ptr = (void *)what };

	if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return 0;
}

static int
watch_all(struct worker *worker)
{
	int r = watch(worker, worker->term_fd, EPOLLIN, NULL);

	for (size_t i = 0; i < PEERS && r == 0; i++) {
		const struct listener *listener = &worker->task->listeners[i];

		/* One worker wakes for one connection, not all of them. */
		if (listener->fd >= 0)
			r = watch(worker, listener->fd,
			    EPOLLIN | EPOLLEXCLUSIVE, listener);
	}
	return r;
}

static void
accept_until_stopped(struct worker *worker)
{
	for (;;) {
		struct epoll_event event;
		int n = epoll_wait(worker->epoll_fd, &event, 1, -1);

		if (n == 1 && event.data.ptr == NULL)
			return;
		if (n == 1)
			accept_guests(worker, event.data.ptr);
	}
}

/* Open deliveries finish; true when all sessions have gone. */
static bool
wait_for_sessions(struct worker *worker)
{
	struct timespec deadline =
	    clock_deadline(worker->task->settings->stop_timeout_ms);
	bool gone;
	int r = 0;

	(void)pthread_mutex_lock(&worker->lock);
	while (worker->sessions > 0 && r == 0)
		r = pthread_cond_timedwait(
		    &worker->left, &worker->lock, &deadline);
	gone = worker->sessions == 0;
	(void)pthread_mutex_unlock(&worker->lock);
	return gone;
}

static int
init(struct worker *worker, const struct worker_task *task, struct why *why)
{
	int r;

	*worker = (struct worker){ .task = task, .callers = CALLERS_INIT };
	(void)pthread_mutex_init(&worker->lock, NULL);
	clock_cond_init(&worker->left);
	(void)pthread_attr_init(&worker->thread_attr);
	(void)pthread_attr_setstacksize(&worker->thread_attr, SESSION_STACK);
	(void)pthread_attr_setdetachstate(
	    &worker->thread_attr, PTHREAD_CREATE_DETACHED);
	worker->term_fd = program_stop_fd();
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (worker->term_fd < 0 || worker->epoll_fd < 0)
		return why_fail(why, errno, "prepare a worker's loop");
	r = watch_all(worker);
	return r < 0 ? why_fail(why, -r, "watch the sockets") : 0;
}

int
worker_run(const struct worker_task *task)
{
	struct worker worker;
	struct chores *chores = NULL;
	struct why why = { 0 };

	if (sandbox_enter(&why) < 0 || init(&worker, task, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	suspects_watch();
	if (task->number == 0)
		chores = chores_new(&worker.lmtpd);
	if (lmtpd_open(&worker.lmtpd, task->settings, task->shared,
		chores_hooks(chores), &why) < 0)
		return log_fatal(EX_OSERR, &why);
	chores_start(chores);
	accept_until_stopped(&worker);
	lmtpd_stop(&worker.lmtpd);
	/* Threads that are still at it use what lmtpd_close() would free;
	 * what they have not answered the peer will bring again. */
	if (!wait_for_sessions(&worker))
		_exit(EX_OK);
	chores_stop(chores);
	lmtpd_close(&worker.lmtpd);
	chores_free(chores);
	return EX_OK;
}
