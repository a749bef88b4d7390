#include "lmtpd/runner/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/packet.h"
#include "core/scope.h"
#include "lmtpd/run_record.h"
#include "lmtpd/runner/child.h"

enum {
	JOBS_MAX = 256,
	KILL_AFTER_MS = 5000,
	/* A stopped service waits as long for its programs; then the front
	 * gets no answer and defers. */
	STOP_AFTER_MS = 5000,
};

enum job_state { JOB_IDLE, JOB_RUNNING, JOB_ENDING };

struct job {
	enum job_state state;
	int conn; /* -1 once the front hung up */
	pid_t pid;
	int pidfd, output_fd, report_fd;
	bool timed_out;
	long deadline_ms; /* of the program, or of SIGTERM's grace */
	char package[65];
	struct buf output;
};

struct jobs {
	const struct runner *runner;
	struct job *all[JOBS_MAX];
	size_t n;
};

/* --- answers ---------------------------------------------------------- */

static void
send_answer(struct job *job, struct run_answer *answer)
{
	const struct iovec parts[] = { { answer, sizeof *answer },
		{ job->output.p, job->output.n } };
	int r;

	answer->version = RUN_VERSION;
	answer->output_size = (uint32_t)job->output.n;
	if (job->conn < 0)
		return;
	r = packet_send(job->conn, parts, sizeof parts / sizeof *parts, -1);
	if (r < 0)
		log_event(
		    LOG_WARNING, NULL, "answer-lost", LOG_NUM("errno", -r));
}

static void
answer_failure(struct job *job, int error, const char *detail)
{
	struct run_answer answer = { .end = RUN_FAILED, .status = error };

	(void)snprintf(answer.detail, sizeof answer.detail, "%.*s",
	    RUN_DETAIL_MAX - 1, detail);
	buf_reset(&job->output);
	send_answer(job, &answer);
}

/* --- beginning -------------------------------------------------------- */

struct incoming {
	struct run_request request;
	int message_fd; /* -1: none came */
};

static bool
is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool
is_request(const struct run_request *r, ssize_t n)
{
	return n == sizeof *r && r->version == RUN_VERSION &&
	       is_terminated(r->leaf, sizeof r->leaf) &&
	       is_terminated(r->sender, sizeof r->sender) &&
	       is_terminated(r->recipient, sizeof r->recipient) &&
	       is_terminated(r->detail, sizeof r->detail);
}

static long
running_of(const struct jobs *jobs, const char *package)
{
	long n = 0;

	for (size_t i = 0; i < jobs->n; i++)
		n += jobs->all[i]->state != JOB_IDLE &&
		     strcmp(jobs->all[i]->package, package) == 0;
	return n;
}

static void
close_ends(int ends[2])
{
	(void)close_fd(&ends[0]);
	(void)close_fd(&ends[1]);
}

/* Forks. 0 and the job runs, or -errno. */
static int
start_program(struct job *job, struct order *order)
{
	int output[2] = { -1, -1 }, report[2] = { -1, -1 };

	if (pipe2(output, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
		goto failed;
	order->output_fd = output[1];
	order->report_fd = report[1];
	(void)fcntl(output[0], F_SETFL, O_NONBLOCK);
	job->pid = fork();
	if (job->pid < 0)
		goto failed;
	if (job->pid == 0)
		child_run(order);
	job->pidfd = (int)syscall(SYS_pidfd_open, job->pid, 0);
	job->output_fd = take_fd(&output[0]);
	job->report_fd = take_fd(&report[0]);
	close_ends(output);
	close_ends(report);
	job->state = JOB_RUNNING;
	return 0;

failed:
	close_ends(output);
	close_ends(report);
	return -errno;
}

static int
begin(struct jobs *jobs, struct job *job, const struct incoming *in,
    struct arena *arena, struct why *why)
{
	const struct runner_config *config = jobs->runner->config;
	struct owner owner;
	struct order order = { .owner = &owner,
		.request = &in->request,
		.message_fd = in->message_fd };
	int r = owner_find(
	    jobs->runner->pool, arena, in->request.leaf, &owner, why);

	if (r < 0)
		return r;
	if (running_of(jobs, owner.package) >= config->package_programs)
		return why_fail(
		    why, EAGAIN, "package %s: programs at once", owner.package);
	(void)snprintf(job->package, sizeof job->package, "%s", owner.package);
	r = start_program(job, &order);
	if (r < 0)
		return why_fail(why, -r, "start a program");
	job->deadline_ms = clock_ms() + config->time_limit_ms;
	log_event(LOG_INFO, NULL, "started", LOG_TEXT("leaf", in->request.leaf),
	    LOG_NUM("pid", job->pid), LOG_NUM("uid", owner.uid));
	return 0;
}

static void end_program(struct job *job);

static void
on_packet(struct jobs *jobs, struct job *job)
{
	struct incoming in = { .message_fd = -1 };
	struct arena arena = ARENA_INIT;
	struct why why = { 0 };
	ssize_t n = packet_receive(
	    job->conn, &in.request, sizeof in.request, &in.message_fd);
	AUTO_CLOSE int message_fd = in.message_fd;
	int r = 0;

	(void)message_fd;
	if (n == 0 || (n < 0 && n != -EBADMSG)) {
		(void)close_fd(&job->conn);
		if (job->state == JOB_RUNNING)
			end_program(job);
		return;
	}
	if (job->state != JOB_IDLE || !is_request(&in.request, n))
		r = why_fail(&why, EINVAL, "read the request");
	if (r == 0)
		r = begin(jobs, job, &in, &arena, &why);
	if (r < 0)
		answer_failure(job, -r, why.detail);
	arena_done(&arena);
}

/* --- running and ending ----------------------------------------------- */

/* Keeps the beginning, reads on so that the program is never held up. */
static void
on_output(struct job *job)
{
	char octets[8192];
	ssize_t n;

	while ((n = read(job->output_fd, octets, sizeof octets)) > 0) {
		size_t room = RUN_OUTPUT_MAX - job->output.n;

		(void)buf_add(
		    &job->output, octets, (size_t)n < room ? (size_t)n : room);
	}
	if (n == 0)
		(void)close_fd(&job->output_fd);
}

static void
signal_group(const struct job *job, int number)
{
	/* Both: the child may not have reached its setsid() yet. */
	(void)kill(-job->pid, number);
	(void)kill(job->pid, number);
}

static void
end_program(struct job *job)
{
	signal_group(job, SIGTERM);
	job->state = JOB_ENDING;
	job->deadline_ms = clock_ms() + KILL_AFTER_MS;
}

static void
on_deadline(struct job *job)
{
	if (job->state == JOB_ENDING) {
		signal_group(job, SIGKILL);
		job->deadline_ms = clock_ms() + KILL_AFTER_MS;
		return;
	}
	job->timed_out = true;
	end_program(job);
}

static void
describe_end(struct job *job, int wait_status, struct run_answer *answer)
{
	int failure = 0;

	if (read(job->report_fd, &failure, sizeof failure) == sizeof failure) {
		answer->end = RUN_FAILED;
		answer->status = failure;
		(void)snprintf(answer->detail, sizeof answer->detail,
		    "prepare the program: %s", strerrordesc_np(failure));
	} else if (job->timed_out) {
		answer->end = RUN_TIMED_OUT;
	} else if (WIFSIGNALED(wait_status)) {
		answer->end = RUN_KILLED;
		answer->status = WTERMSIG(wait_status);
	} else {
		answer->end = RUN_EXITED;
		answer->status = WEXITSTATUS(wait_status);
	}
}

static void
forget_program(struct job *job)
{
	(void)close_fd(&job->pidfd);
	(void)close_fd(&job->output_fd);
	(void)close_fd(&job->report_fd);
	buf_reset(&job->output);
	job->timed_out = false;
	job->state = JOB_IDLE;
}

static void
on_exit_of(struct job *job)
{
	struct run_answer answer = { 0 };
	int wait_status = 0;

	if (waitpid(job->pid, &wait_status, WNOHANG) != job->pid)
		return;
	if (job->output_fd >= 0)
		on_output(job);
	describe_end(job, wait_status, &answer);
	/* What it left running in the background goes with it. */
	(void)kill(-job->pid, SIGKILL);
	log_event(LOG_INFO, NULL, "ended", LOG_NUM("pid", job->pid),
	    LOG_NUM("end", answer.end), LOG_NUM("status", answer.status));
	send_answer(job, &answer);
	forget_program(job);
}

/* --- the loop --------------------------------------------------------- */

static void
job_add(struct jobs *jobs, int conn)
{
	struct job *job = calloc(1, sizeof *job);

	if (job == NULL)
		abort();
	job->conn = conn;
	job->pidfd = job->output_fd = job->report_fd = -1;
	job->output = (struct buf)BUF_INIT(RUN_OUTPUT_MAX);
	jobs->all[jobs->n++] = job;
}

static void
job_remove(struct jobs *jobs, size_t i)
{
	struct job *job = jobs->all[i];

	(void)close_fd(&job->conn);
	buf_free(&job->output);
	free(job);
	jobs->all[i] = jobs->all[--jobs->n];
}

static void
on_connection(struct jobs *jobs)
{
	int conn = accept4(
	    jobs->runner->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (conn >= 0)
		job_add(jobs, conn);
}

/* Milliseconds until the next deadline; -1: none. */
static int
next_deadline(const struct jobs *jobs)
{
	long now_ms = clock_ms(), least_ms = -1;

	for (size_t i = 0; i < jobs->n; i++) {
		long left_ms = jobs->all[i]->deadline_ms - now_ms;

		if (jobs->all[i]->state == JOB_IDLE)
			continue;
		if (left_ms < 0)
			left_ms = 0;
		if (least_ms < 0 || left_ms < least_ms)
			least_ms = left_ms;
	}
	return (int)least_ms;
}

/* What poll() watches: two of our own, then three of each job. */
enum { POLL_STOP, POLL_LISTEN, POLL_JOBS, POLL_PER_JOB = 3 };

static size_t
fill_poll(const struct jobs *jobs, struct pollfd *fds)
{
	const long limit = jobs->runner->config->programs;
	struct pollfd *p = fds + POLL_JOBS;

	fds[POLL_STOP] = (struct pollfd){ jobs->runner->stop_fd, POLLIN, 0 };
	/* Beyond the limit connections wait in the kernel's queue. */
	fds[POLL_LISTEN] = (struct pollfd){
		(long)jobs->n < limit ? jobs->runner->listener : -1, POLLIN, 0
	};
	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *job = jobs->all[i];

		*p++ = (struct pollfd){ job->conn, POLLIN, 0 };
		*p++ = (struct pollfd){ job->output_fd, POLLIN, 0 };
		*p++ = (struct pollfd){ job->pidfd, POLLIN, 0 };
	}
	return (size_t)(p - fds);
}

static void
serve_job(struct jobs *jobs, struct job *job, const struct pollfd *fds)
{
	if (fds[1].revents != 0 && job->output_fd >= 0)
		on_output(job);
	if (fds[2].revents != 0)
		on_exit_of(job);
	if (fds[0].revents != 0)
		on_packet(jobs, job);
	if (job->state != JOB_IDLE && clock_ms() >= job->deadline_ms)
		on_deadline(job);
}

static void
serve_once(struct jobs *jobs, struct pollfd *fds)
{
	const size_t known = jobs->n;

	for (size_t i = 0; i < known; i++)
		serve_job(
		    jobs, jobs->all[i], fds + POLL_JOBS + i * POLL_PER_JOB);
	for (size_t i = known; i-- > 0;) {
		const struct job *job = jobs->all[i];

		if (job->conn < 0 && job->state == JOB_IDLE)
			job_remove(jobs, i);
	}
	if (fds[POLL_LISTEN].revents != 0)
		on_connection(jobs);
}

static bool
any_running(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		if (jobs->all[i]->state != JOB_IDLE)
			return true;
	}
	return false;
}

static void
end_all(struct jobs *jobs, struct pollfd *fds)
{
	const long until_ms = clock_ms() + STOP_AFTER_MS;

	for (size_t i = 0; i < jobs->n; i++) {
		if (jobs->all[i]->state == JOB_RUNNING)
			end_program(jobs->all[i]);
	}
	while (any_running(jobs) && clock_ms() < until_ms) {
		size_t n = fill_poll(jobs, fds);

		fds[POLL_LISTEN].fd = fds[POLL_STOP].fd = -1;
		(void)poll(fds, n, 100);
		serve_once(jobs, fds);
	}
	while (jobs->n > 0) {
		if (jobs->all[0]->state != JOB_IDLE)
			signal_group(jobs->all[0], SIGKILL);
		job_remove(jobs, 0);
	}
}

void
serve(const struct runner *runner)
{
	struct pollfd fds[POLL_JOBS + JOBS_MAX * POLL_PER_JOB];
	struct jobs jobs = { .runner = runner };

	for (;;) {
		size_t n = fill_poll(&jobs, fds);

		if (poll(fds, n, next_deadline(&jobs)) < 0 && errno != EINTR)
			break;
		if (fds[POLL_STOP].revents != 0)
			break;
		serve_once(&jobs, fds);
	}
	end_all(&jobs, fds);
}
