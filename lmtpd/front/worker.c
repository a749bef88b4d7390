#include "lmtpd/front/worker.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/guests.h"
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
};

struct worker {
	const struct worker_task *task;
	struct lmtpd lmtpd;
	int epoll_fd, term_fd;
	struct callers callers;
	struct guests *guests;
};

/* --- sessions --------------------------------------------------------- */

static void
serve_guest(void *host, int fd, int door)
{
	struct worker *worker = host;

	session_serve(&worker->lmtpd, fd, (enum peer)door);
	if (door == PEER_USER)
		callers_leave(&worker->callers, fd);
}

static void
turn_away(void *host, int fd, int door)
{
	struct worker *worker = host;

	if (door == PEER_USER)
		callers_leave(&worker->callers, fd);
	session_turn_away(&worker->lmtpd, fd);
}

static void
admit(struct worker *worker, int fd, enum peer peer)
{
	if (peer == PEER_USER && !callers_enter(&worker->callers, fd)) {
		session_turn_away(&worker->lmtpd, fd);
		(void)close(fd);
		return;
	}
	if (guests_admit(worker->guests, fd, (int)peer))
		figures_add(&worker->lmtpd.shared->figures, FIGURE_SESSIONS, 1);
}

/* --- the loop --------------------------------------------------------- */

static void
accept_guests(struct worker *worker, const struct listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		admit(worker, fd, listener->peer);
	else
		guests_accept_failed(errno);
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

static int
init(struct worker *worker, const struct worker_task *task, struct why *why)
{
	int r;

	*worker = (struct worker){ .task = task, .callers = CALLERS_INIT };
	worker->guests =
	    guests_new(&(struct guests_options){ task->settings->sessions_max,
		SESSION_STACK, serve_guest, turn_away, worker });
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
	if (!guests_wait(worker.guests, task->settings->stop_timeout_ms))
		_exit(EX_OK);
	guests_free(worker.guests);
	chores_stop(chores);
	lmtpd_close(&worker.lmtpd);
	chores_free(chores);
	return EX_OK;
}
