#include "autoconfig-cgi/serve.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "autoconfig-cgi/exchange.h"
#include "core/clock.h"
#include "core/io.h"
#include "core/log.h"
#include "core/program.h"
#include "core/scope.h"

#define AUTOCONFIG_ROLE "hauspost_autoconfig"

enum {
	PROCESSES_MAX = 64, /* as the setting has it */
	DRAIN_MS = 5000,    /* far above time_limit */
	DRAIN_STEP_MS = 10,
	HANDOVER_MS = 5,   /* a free thread takes a connection sooner */
	RESTART_MS = 1000, /* no busy loop where a process cannot live */
	STACK_BYTES = 256 << 10,
};

/* --- one process: its threads ----------------------------------------- */

struct answerer {
	struct service *service;
	int listen_fd;
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
	struct exchange exchange = { request->envp, request, read_fastcgi,
		write_fastcgi };

	(void)atomic_fetch_add(&answerer->busy, 1);
	exchange_run(answerer->service, arena, &exchange);
	FCGX_Finish_r(request);
	(void)atomic_fetch_sub(&answerer->busy, 1);
	arena_reset(arena);
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
		{ .fd = answerer->listen_fd, .events = POLLIN },
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

	if (FCGX_InitRequest(&request, answerer->listen_fd, 0) != 0)
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
	for (long i = 0; i < answerer->service->config->threads && error == 0;
	     i++)
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

static void
on_listening(void *arg, const struct why *lost)
{
	(void)arg;
	if (lost == NULL)
		log_event(LOG_NOTICE, NULL, "directory-heard",
		    LOG_TEXT("detail", "answers are remembered"));
	else
		log_event(LOG_WARNING, NULL, "directory-lost", LOG_WHY(lost));
}

static int
wait_for_stop(struct why *why)
{
	AUTO_CLOSE int stop_fd = program_stop_fd();
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "signalfd");
	while (poll(&stop, 1, -1) < 0 && errno == EINTR)
		;
	return 0;
}

static int
run_answerer(struct service *service, int listen_fd, struct why *why)
{
	static const struct directory_hooks hooks = { NULL, on_listening,
		NULL };
	const struct autoconfig_config *config = service->config;
	struct answerer answerer = { service, listen_fd, 0, 0 };
	int r;

	if (FCGX_Init() != 0)
		return why_fail(why, ENOMEM, "start libfcgi");
	service->directory = directory_new(
	    &config->directory, &config->common, AUTOCONFIG_ROLE, &hooks);
	r = directory_start(service->directory, why);
	if (r == 0)
		r = start_threads(&answerer, why);
	if (r == 0)
		r = wait_for_stop(why);
	drain(&answerer);
	return r;
}

/* The numbers of all processes, from one that does nothing else. */
static int
run_metrics(struct service *service, struct why *why)
{
	struct metrics *metrics;
	int r = metrics_start(service->config->common.metrics,
	    counts_list(service->counts), &metrics, why);

	if (r == 0) {
		r = wait_for_stop(why);
		metrics_stop(metrics);
	}
	return r;
}

/* --- the parent ------------------------------------------------------- */

struct parent {
	struct service *service;
	int listen_fd;
	long n;
	pid_t pids[PROCESSES_MAX + 1]; /* the last one serves /metrics */
	/* The first is the signal to stop, the others are the processes. */
	struct pollfd fds[1 + PROCESSES_MAX + 1];
};

/* In the child; never comes back. */
static void
be_process(const struct parent *parent, long i)
{
	struct why why = { 0 };
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (i < parent->service->config->processes)
		r = run_answerer(parent->service, parent->listen_fd, &why);
	else
		r = run_metrics(parent->service, &why);
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

static void
stop_processes(struct parent *parent)
{
	for (long i = 0; i < parent->n; i++) {
		if (parent->pids[i] > 0)
			(void)kill(parent->pids[i], SIGTERM);
	}
	for (long i = 0; i < parent->n; i++) {
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

int
serve_fastcgi(struct service *service, int listen_fd, struct why *why)
{
	const struct autoconfig_config *config = service->config;
	struct parent parent = { .service = service,
		.listen_fd = listen_fd,
		.n = config->processes + (config->common.metrics[0] != '\0') };
	AUTO_CLOSE int stop_fd = program_stop_fd();
	int r = make_blocking(listen_fd, why);

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "signalfd");
	parent.fds[0] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
	for (long i = 0; i < parent.n && r == 0; i++)
		r = start_process(&parent, i, why);
	if (r == 0) {
		program_ready();
		r = watch(&parent, why);
	}
	stop_processes(&parent);
	return r;
}

/* --- plain CGI -------------------------------------------------------- */

extern char **environ;

static size_t
read_stdin(void *peer, char *octets, size_t n)
{
	size_t got = 0;

	(void)peer;
	while (got < n) {
		ssize_t r = read(STDIN_FILENO, octets + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return got;
}

static void
write_stdout(void *peer, struct slice octets)
{
	(void)peer;
	(void)io_write(STDOUT_FILENO, octets.p, octets.n);
}

bool
serve_is_cgi(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL &&
	       getenv("REQUEST_METHOD") != NULL;
}

/* The directory is not started: it asks, and has nothing to remember for. */
void
serve_cgi(struct service *service)
{
	const struct autoconfig_config *config = service->config;
	struct exchange exchange = { environ, NULL, read_stdin, write_stdout };
	struct arena arena = ARENA_INIT;

	service->directory = directory_new(
	    &config->directory, &config->common, AUTOCONFIG_ROLE, NULL);
	exchange_run(service, &arena, &exchange);
	directory_free(service->directory);
	arena_done(&arena);
}
