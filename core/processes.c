#include "core/processes.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "core/program.h"
#include "core/scope.h"

enum {
	PROCESSES_MAX = 64 + 2, /* as settings have it; and helpers */
	RESTART_MS = 1000,	/* no busy loop where a process cannot live */
};

struct process {
	process_work *work;
	void *arg;
	pid_t pid;
};

struct processes {
	long n;
	struct process list[PROCESSES_MAX];
	/* The first is the signal to stop, the others are the processes. */
	struct pollfd fds[1 + PROCESSES_MAX];
};

struct processes *
processes_new(void)
{
	struct processes *processes = calloc(1, sizeof *processes);

	if (processes == NULL)
		abort();
	return processes;
}

void
processes_free(struct processes *processes)
{
	for (long i = 0; i < processes->n; i++)
		(void)close(processes->fds[1 + i].fd);
	free(processes);
}

int
processes_wait_stop(struct why *why)
{
	AUTO_CLOSE int stop_fd = program_stop_fd();
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "signalfd");
	while (poll(&stop, 1, -1) < 0 && errno == EINTR)
		;
	return 0;
}

/* In the child; never comes back. */
static void
be_process(const struct process *process)
{
	struct why why = { 0 };
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	r = process->work(process->arg, &why);
	_exit(r < 0 ? log_fatal(EX_OSERR, &why) : EX_OK);
}

static int
start_process(struct processes *processes, long i, struct why *why)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		return why_fail(why, errno, "fork");
	if (pid == 0)
		be_process(&processes->list[i]);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return why_fail(why, errno, "pidfd_open");
	processes->list[i].pid = pid;
	processes->fds[1 + i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

int
processes_add(
    struct processes *processes, process_work *work, void *arg, struct why *why)
{
	int r;

	assert(processes->n < PROCESSES_MAX);
	processes->list[processes->n] = (struct process){ work, arg, 0 };
	r = start_process(processes, processes->n, why);
	if (r == 0)
		processes->n++;
	return r;
}

static void
bury(struct processes *processes, long i)
{
	pid_t pid = processes->list[i].pid;
	int status = 0;

	(void)waitpid(pid, &status, 0);
	(void)close(processes->fds[1 + i].fd);
	processes->fds[1 + i].fd = -1;
	log_event(LOG_ERR, NULL, "process-ended", LOG_NUM("pid", pid),
	    LOG_NUM("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
	    LOG_NUM("code", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
	processes->list[i].pid = 0;
}

static int
replace_ended(struct processes *processes, struct why *why)
{
	int r = 0;

	for (long i = 0; i < processes->n && r == 0; i++) {
		if (processes->fds[1 + i].revents == 0)
			continue;
		bury(processes, i);
		(void)poll(processes->fds, 1, RESTART_MS);
		r = start_process(processes, i, why);
	}
	return r;
}

int
processes_watch(struct processes *processes, struct why *why)
{
	AUTO_CLOSE int stop_fd = program_stop_fd();
	int r = 0;

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "signalfd");
	processes->fds[0] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
	while (r == 0) {
		if (poll(processes->fds, (nfds_t)(1 + processes->n), -1) < 0)
			continue; /* EINTR: a debugger was here */
		if (processes->fds[0].revents != 0)
			break;
		r = replace_ended(processes, why);
	}
	return r;
}

void
processes_stop(struct processes *processes)
{
	for (long i = 0; i < processes->n; i++) {
		if (processes->list[i].pid > 0)
			(void)kill(processes->list[i].pid, SIGTERM);
	}
	for (long i = processes->n; i-- > 0;) {
		if (processes->list[i].pid > 0)
			(void)waitpid(processes->list[i].pid, NULL, 0);
	}
}
