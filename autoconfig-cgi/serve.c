#include "autoconfig-cgi/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autoconfig-cgi/answerer.h"
#include "autoconfig-cgi/notary.h"
#include "core/log.h"
#include "core/privs.h"
#include "core/program.h"
#include "core/scope.h"

enum {
	PROCESSES_MAX = 64 + 2, /* as the setting has it; notary, metrics */
	RESTART_MS = 1000,	/* no busy loop where a process cannot live */
};

/* --- processes that do not answer ------------------------------------- */

int
serve_wait_stop(struct why *why)
{
	AUTO_CLOSE int stop_fd = program_stop_fd();
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "signalfd");
	while (poll(&stop, 1, -1) < 0 && errno == EINTR)
		;
	return 0;
}

/* The numbers of all processes, from one that does nothing else. */
static int
run_metrics(struct service *service, int listen_fd, struct why *why)
{
	struct metrics *metrics;
	int r;

	(void)close(listen_fd);
	r = metrics_start(service->config->common.metrics,
	    counts_list(service->counts), &metrics, why);
	if (r == 0) {
		r = serve_wait_stop(why);
		metrics_stop(metrics);
	}
	return r;
}

static int
run_notary(struct service *service, int listen_fd, struct why *why)
{
	(void)close(listen_fd);
	return notary_run(service->notary, service->config, why);
}

/* --- the parent ------------------------------------------------------- */

/* What a process does; 0 when it was told to stop. */
typedef int (*work_fn)(struct service *, int listen_fd, struct why *);

struct parent {
	struct service *service;
	int listen_fd;
	long n;
	work_fn works[PROCESSES_MAX];
	pid_t pids[PROCESSES_MAX];
	/* The first is the signal to stop, the others are the processes. */
	struct pollfd fds[1 + PROCESSES_MAX];
};

/* In the child; never comes back. */
static void
be_process(const struct parent *parent, long i)
{
	struct why why = { 0 };
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	r = parent->works[i](parent->service, parent->listen_fd, &why);
	_exit(r < 0 ? log_fatal(EX_OSERR, &why) : EX_OK);
}

static int
start_process(struct parent *parent, long i, struct why *why)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		return why_fail(why, errno, "fork");
	if (pid == 0)
		be_process(parent, i);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return why_fail(why, errno, "pidfd_open");
	parent->pids[i] = pid;
	parent->fds[1 + i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 0;
}

static int
add_process(struct parent *parent, work_fn work, struct why *why)
{
	int r;

	parent->works[parent->n] = work;
	r = start_process(parent, parent->n, why);
	if (r == 0)
		parent->n++;
	return r;
}

static void
bury(struct parent *parent, long i)
{
	int status = 0;

	(void)waitpid(parent->pids[i], &status, 0);
	(void)close(parent->fds[1 + i].fd);
	parent->fds[1 + i].fd = -1;
	log_event(LOG_ERR, NULL, "process-ended",
	    LOG_NUM("pid", parent->pids[i]),
	    LOG_NUM("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
	    LOG_NUM("code", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
	parent->pids[i] = 0;
}

static int
replace_ended(struct parent *parent, struct why *why)
{
	int r = 0;

	for (long i = 0; i < parent->n && r == 0; i++) {
		if (parent->fds[1 + i].revents == 0)
			continue;
		bury(parent, i);
		(void)poll(parent->fds, 1, RESTART_MS);
		r = start_process(parent, i, why);
	}
	return r;
}

static int
watch(struct parent *parent, struct why *why)
{
	int r = 0;

	while (r == 0) {
		if (poll(parent->fds, (nfds_t)(1 + parent->n), -1) < 0)
			continue; /* EINTR: a debugger was here */
		if (parent->fds[0].revents != 0)
			break;
		r = replace_ended(parent, why);
	}
	return r;
}

/* The notary, which came first, ends when nobody can ask it any more. */
static void
stop_processes(struct parent *parent)
{
	for (long i = 0; i < parent->n; i++) {
		if (parent->pids[i] > 0)
			(void)kill(parent->pids[i], SIGTERM);
	}
	for (long i = parent->n; i-- > 0;) {
		if (parent->works[i] == run_notary)
			notary_close(parent->service->notary);
		if (parent->pids[i] > 0)
			(void)waitpid(parent->pids[i], NULL, 0);
	}
}

/* libfcgi takes a socket that says "none now" for one that is broken. */
static int
make_blocking(int fd, struct why *why)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return why_fail(why, errno, "fcntl");
	return 0;
}

static int
start_processes(struct parent *parent, struct why *why)
{
	const struct autoconfig_config *config = parent->service->config;
	int r = 0;

	for (long i = 0; i < config->processes && r == 0; i++)
		r = add_process(parent, answerer_run, why);
	if (r == 0 && config->common.metrics[0] != '\0')
		r = add_process(parent, run_metrics, why);
	return r;
}

static int
run_parent(struct parent *parent, struct why *why)
{
	AUTO_CLOSE int stop_fd = program_stop_fd();
	int r;

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "signalfd");
	parent->fds[0] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
	r = start_processes(parent, why);
	if (r == 0) {
		program_ready();
		r = watch(parent, why);
	}
	return r;
}

int
serve_fastcgi(struct service *service, int listen_fd, struct why *why)
{
	const char *user = service->config->common.user;
	struct parent parent = { .service = service, .listen_fd = listen_fd };
	struct notary notary;
	int r = make_blocking(listen_fd, why);

	if (r == 0 && service->config->profile_key[0] != '\0') {
		r = notary_open(&notary, why);
		service->notary = &notary;
		if (r == 0) /* it may still have to read the key as root */
			r = add_process(&parent, run_notary, why);
	}
	if (r == 0)
		r = privs_drop(user, NULL, 0, why);
	if (r == 0)
		r = run_parent(&parent, why);
	stop_processes(&parent);
	return r;
}
