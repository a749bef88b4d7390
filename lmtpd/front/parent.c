#include "lmtpd/front/parent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/program.h"
#include "core/scope.h"

enum {
	WORKERS_MAX = 64,
	/* A worker that dies at once must not make us fork all day long. */
	RESTART_PAUSE_MS = 1000,
};

struct child {
	pid_t pid; /* 0: none */
	long started_ms;
};

struct parent {
	struct worker_task task;
	struct child children[WORKERS_MAX];
	int stop_fd, child_fd;
};

/* --- workers ---------------------------------------------------------- */

/* In the child: a worker outlives its parent by no more than a moment. */
static _Noreturn void
be_worker(const struct worker_task *task, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EX_OK);
	exit(worker_run(task));
}

static void
start_worker(struct parent *parent, long number)
{
	struct child *child = &parent->children[number];
	struct worker_task task = parent->task;
	pid_t self = getpid();

	task.number = number;
	child->started_ms = clock_ms();
	child->pid = fork();
	if (child->pid == 0)
		be_worker(&task, self);
	if (child->pid < 0) {
		log_event(LOG_ERR, NULL, "fork-failed",
		    LOG_TEXT("detail", strerror(errno)));
		child->pid = 0;
	}
}

static void
log_loss(const struct parent *parent, pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		log_event(LOG_ERR, NULL, "worker-lost", LOG_NUM("pid", pid),
		    LOG_NUM("signal", WTERMSIG(status)));
	else
		log_event(LOG_ERR, NULL, "worker-lost", LOG_NUM("pid", pid),
		    LOG_NUM("exit", WEXITSTATUS(status)));
	figures_add(&parent->task.shared->figures, FIGURE_WORKERS_LOST, 1);
}

/* Scripts that ran in it may be why it was lost. */
static void
judge_scripts(const struct parent *parent, pid_t pid, int status)
{
	unsigned n = suspects_judge(&parent->task.shared->suspects, pid,
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);

	if (n > 0)
		log_event(LOG_ERR, NULL, "scripts-set-aside",
		    LOG_NUM("pid", pid), LOG_NUM("n", n));
}

/* Takes note of all that ended. */
static void
reap(struct parent *parent, bool expected)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < WORKERS_MAX; i++) {
			if (parent->children[i].pid == pid)
				parent->children[i].pid = 0;
		}
		if (!expected)
			log_loss(parent, pid, status);
		judge_scripts(parent, pid, status);
	}
}

/* Starts those that are missing; milliseconds until the next is due, or -1. */
static long
restart_missing(struct parent *parent)
{
	long next_ms = -1;

	for (long i = 0; i < parent->task.settings->workers; i++) {
		struct child *child = &parent->children[i];
		long wait_ms =
		    child->started_ms == 0
			? 0
			: child->started_ms + RESTART_PAUSE_MS - clock_ms();

		if (child->pid != 0)
			continue;
		if (wait_ms <= 0)
			start_worker(parent, i);
		else if (next_ms < 0 || wait_ms < next_ms)
			next_ms = wait_ms;
	}
	return next_ms;
}

static bool
has_children(const struct parent *parent)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		if (parent->children[i].pid != 0)
			return true;
	}
	return false;
}

/* --- the loop --------------------------------------------------------- */

static void
drain(int signal_fd)
{
	struct signalfd_siginfo info;

	while (read(signal_fd, &info, sizeof info) == sizeof info)
		;
}

/* True when the program is to end. */
static bool
wait_for_event(struct parent *parent, long timeout_ms)
{
	struct pollfd p[] = {
		{ .fd = parent->stop_fd, .events = POLLIN },
		{ .fd = parent->child_fd, .events = POLLIN },
	};

	(void)poll(p, 2, (int)timeout_ms);
	drain(parent->child_fd);
	return p[0].revents != 0;
}

static void
signal_workers(const struct parent *parent, int signal)
{
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		if (parent->children[i].pid != 0)
			(void)kill(parent->children[i].pid, signal);
	}
}

/* Workers end by themselves within stop_timeout; afterwards we insist. */
static void
stop_workers(struct parent *parent)
{
	struct pollfd p = { .fd = parent->child_fd, .events = POLLIN };
	long deadline_ms = clock_ms() + RESTART_PAUSE_MS +
			   parent->task.settings->stop_timeout_ms;

	signal_workers(parent, SIGTERM);
	for (reap(parent, true); has_children(parent); reap(parent, true)) {
		long left_ms = deadline_ms - clock_ms();

		if (left_ms <= 0)
			signal_workers(parent, SIGKILL);
		(void)poll(&p, 1, left_ms > 0 ? (int)left_ms : 1000);
		drain(parent->child_fd);
	}
}

/* Deaths of children as something to poll(2). */
static int
child_fd(void)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 ? fd : -errno;
}

int
parent_run(const struct worker_task *task)
{
	struct parent parent = { .task = *task,
		.stop_fd = program_stop_fd(),
		.child_fd = child_fd() };

	if (parent.stop_fd < 0 || parent.child_fd < 0)
		return EX_OSERR;
	program_ready(); /* the sockets listen, whoever connects may wait */
	for (bool stop = false; !stop;) {
		long next_ms = restart_missing(&parent);

		stop = wait_for_event(&parent, next_ms);
		reap(&parent, stop);
	}
	stop_workers(&parent);
	return EX_OK;
}
