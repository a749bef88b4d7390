#include "lmtpd/front/store_run.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/endpoint.h"
#include "core/io.h"
#include "core/packet.h"
#include "core/scope.h"

/*
 * The pool keeps idle connections on a stack, so that few of them stay warm.
 * A run takes some of them as its lanes. Each lane has at most one request
 * under way; the answer frees the lane for the next job.
 */
struct store {
	const char *endpoint;
	long timeout_ms;
	int connections_max;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t returned;
	int *idle; /* room for connections_max */
	int n_idle, open;
	int talks; /* that hold a connection */
};

struct lane {
	int fd;		       /* -1: to be connected */
	struct store_job *job; /* under way, or NULL */
	bool fresh;	       /* connected for this job: no second try */
	long deadline_ms;
};

/* The jobs of one message. */
struct run {
	struct store *store;
	struct message *message; /* NULL: the jobs need none */
	struct store_job *jobs;
	size_t n, begun;
	struct lane lanes[STORE_TOGETHER_MAX];
	size_t n_lanes;
	bool is_talk;
};

/* --- the pool --------------------------------------------------------- */

struct store *
store_new(const char *endpoint, int connections_max, long timeout_ms)
{
	struct store *store = calloc(1, sizeof *store);

	if (store == NULL)
		abort();
	store->idle = calloc((size_t)connections_max, sizeof *store->idle);
	if (store->idle == NULL)
		abort();
	store->endpoint = endpoint;
	store->timeout_ms = timeout_ms;
	store->connections_max = connections_max;
	(void)pthread_mutex_init(&store->lock, NULL);
	clock_cond_init(&store->returned);
	return store;
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	while (store->n_idle > 0)
		(void)close(store->idle[--store->n_idle]);
	(void)pthread_cond_destroy(&store->returned);
	(void)pthread_mutex_destroy(&store->lock);
	free(store->idle);
	free(store);
}

/* Talks last as long as another server takes: they get half of all. */
static bool
has_place(const struct run *run)
{
	const struct store *store = run->store;

	if (run->is_talk && store->talks >= store->connections_max / 2)
		return false;
	return store->n_idle > 0 || store->open < store->connections_max;
}

/* An idle connection, or -1 with the right to open one. Lock held. */
static int
take_place(struct store *store)
{
	if (store->n_idle > 0)
		return store->idle[--store->n_idle];
	store->open++;
	return -1;
}

/* As many lanes as there are jobs; waits for the first of them only. */
static void
take_lanes(struct run *run)
{
	struct store *store = run->store;
	struct timespec deadline = clock_deadline(store->timeout_ms);
	size_t max = run->n < STORE_TOGETHER_MAX ? run->n : STORE_TOGETHER_MAX;
	int r = 0;

	(void)pthread_mutex_lock(&store->lock);
	while (!has_place(run) && r == 0)
		r = pthread_cond_timedwait(
		    &store->returned, &store->lock, &deadline);
	while (run->n_lanes < max && has_place(run))
		run->lanes[run->n_lanes++] =
		    (struct lane){ .fd = take_place(store) };
	store->talks += run->is_talk && run->n_lanes > 0;
	(void)pthread_mutex_unlock(&store->lock);
}

static void
give_lanes(struct run *run)
{
	struct store *store = run->store;

	(void)pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < run->n_lanes; i++) {
		if (run->lanes[i].fd >= 0)
			store->idle[store->n_idle++] = run->lanes[i].fd;
		else
			store->open--;
	}
	store->talks -= run->is_talk && run->n_lanes > 0;
	(void)pthread_cond_broadcast(&store->returned);
	(void)pthread_mutex_unlock(&store->lock);
}

/* --- one request ------------------------------------------------------ */

static void
drop_lane(struct lane *lane)
{
	(void)close_fd(&lane->fd);
	lane->job = NULL;
}

static void
fail_job(struct lane *lane, int error, const char *step)
{
	(void)why_errno(&lane->job->why, error, "storer: %s", step);
	drop_lane(lane);
}

/* text: the message when it goes inline; fd: where it is, or -1. */
static int
send_request(int socket, struct store_job *job, struct slice text, int fd)
{
	const struct iovec parts[] = {
		{ &job->request, sizeof job->request },
		{ (void *)job->head.p, job->head.n },
		{ (void *)text.p, text.n },
	};

	return packet_send(socket, parts, sizeof parts / sizeof *parts, fd);
}

/* Small messages go inline, large ones as a descriptor. */
static int
find_text(
    struct store_job *job, struct message *message, struct slice *text, int *fd)
{
	*text = message_text(message);
	*fd = -1;
	if (text->p != NULL && text->n <= STORE_INLINE_MAX)
		return 0;
	*text = (struct slice){ NULL, 0 };
	*fd = message_fd(message, &job->why);
	return *fd < 0 ? *fd : 0;
}

static int
send_job(int socket, struct store_job *job, struct message *message)
{
	struct slice text = { NULL, 0 };
	int fd = -1, r = 0;

	if (message != NULL)
		r = find_text(job, message, &text, &fd);
	if (r < 0)
		return r;
	job->request.version = STORE_VERSION;
	job->request.head_size = (uint32_t)job->head.n;
	job->request.inline_size = (uint32_t)text.n;
	return send_request(socket, job, text, fd);
}

/* -EPIPE and its kin on a connection that was idle: the storer is a new one. */
static bool
may_try_again(const struct lane *lane, int error)
{
	return !lane->fresh && (error == -EPIPE || error == -ECONNRESET);
}

static int
connect_lane(struct store *store, struct lane *lane, struct why *why)
{
	lane->fresh = true;
	lane->fd =
	    endpoint_connect_packets(store->endpoint, store->timeout_ms, why);
	if (lane->fd < 0)
		return lane->fd;
	io_receive_timeout(lane->fd, store->timeout_ms);
	return 0;
}

/* Sends lane->job; whatever goes wrong is the job's result. */
static void
start_job(struct run *run, struct lane *lane)
{
	struct store *store = run->store;
	int r;

	lane->deadline_ms = clock_ms() + store->timeout_ms;
	if (lane->fd < 0 && connect_lane(store, lane, &lane->job->why) < 0) {
		lane->job = NULL;
		return;
	}
	r = send_job(lane->fd, lane->job, run->message);
	if (may_try_again(lane, r)) {
		(void)close_fd(&lane->fd);
		start_job(run, lane); /* fresh now: once */
		return;
	}
	if (r < 0)
		fail_job(lane, -r, "send request");
}

/* --- one answer ------------------------------------------------------- */

static void
take_answer(struct lane *lane, const struct store_answer *answer)
{
	struct store_job *job = lane->job;

	job->answer = *answer;
	job->answer.detail[STORE_DETAIL_MAX - 1] = '\0';
	lane->job = NULL;
	lane->fresh = false; /* idle for a moment, from now on */
	if (answer->error == 0)
		(void)why_say(&job->why, 250, "2.0.0", "delivered");
	else
		(void)why_errno(
		    &job->why, answer->error, "storer: %s", job->answer.detail);
}

static void
read_answer(struct run *run, struct lane *lane)
{
	struct store_answer answer;
	AUTO_CLOSE int fd = -1;
	ssize_t n = packet_receive(lane->fd, &answer, sizeof answer, &fd);

	if (n == -EAGAIN) {
		fail_job(lane, ETIMEDOUT, "wait for the answer");
		return;
	}
	if (n == sizeof answer && answer.version == STORE_VERSION) {
		lane->job->fd = take_fd(&fd);
		take_answer(lane, &answer);
		return;
	}
	if (n > 0 || n == -EBADMSG) {
		fail_job(lane, EPROTO, "answer of another version");
	} else if (may_try_again(lane, n == 0 ? -ECONNRESET : (int)n)) {
		(void)close_fd(&lane->fd);
		start_job(run, lane);
	} else {
		fail_job(lane, ECONNRESET, "ended while it stored");
	}
}

/* --- all of them ------------------------------------------------------ */

static bool
is_busy(const struct run *run)
{
	for (size_t i = 0; i < run->n_lanes; i++) {
		if (run->lanes[i].job != NULL)
			return true;
	}
	return false;
}

static long
next_deadline(const struct run *run)
{
	long first = clock_ms() + INT32_MAX;

	for (size_t i = 0; i < run->n_lanes; i++) {
		const struct lane *lane = &run->lanes[i];

		if (lane->job != NULL && lane->deadline_ms < first)
			first = lane->deadline_ms;
	}
	return first;
}

static void
expire(struct run *run)
{
	for (size_t i = 0; i < run->n_lanes; i++) {
		struct lane *lane = &run->lanes[i];

		if (lane->job != NULL && lane->deadline_ms <= clock_ms())
			fail_job(lane, ETIMEDOUT, "wait for the answer");
	}
}

static void
poll_lanes(struct run *run)
{
	struct pollfd polls[STORE_TOGETHER_MAX];
	long left_ms = next_deadline(run) - clock_ms();

	for (size_t i = 0; i < run->n_lanes; i++) {
		const struct lane *lane = &run->lanes[i];

		polls[i] = (struct pollfd){ .events = POLLIN,
			.fd = lane->job != NULL ? lane->fd : -1 };
	}
	(void)poll(polls, run->n_lanes, left_ms > 0 ? (int)left_ms : 0);
	for (size_t i = 0; i < run->n_lanes; i++) {
		if (polls[i].fd >= 0 && polls[i].revents != 0)
			read_answer(run, &run->lanes[i]);
	}
	expire(run);
}

/* Waits until some lanes are free again. Most messages have one: no poll. */
static void
serve_lanes(struct run *run)
{
	if (!is_busy(run))
		return;
	if (run->n_lanes == 1)
		read_answer(run, run->lanes);
	else
		poll_lanes(run);
}

static void
fill_lanes(struct run *run)
{
	for (size_t i = 0; i < run->n_lanes && run->begun < run->n; i++) {
		struct lane *lane = &run->lanes[i];

		if (lane->job != NULL)
			continue;
		lane->job = &run->jobs[run->begun++];
		start_job(run, lane);
	}
}

static void
run_lanes(struct run *run)
{
	while (run->begun < run->n || is_busy(run)) {
		fill_lanes(run);
		serve_lanes(run);
	}
}

void
store_run(struct store *store, struct message *message, struct store_job *jobs,
    size_t n)
{
	struct run run = {
		.store = store, .message = message, .jobs = jobs, .n = n
	};

	take_lanes(&run);
	for (size_t i = 0; run.n_lanes == 0 && i < n; i++)
		(void)why_errno(
		    &jobs[i].why, ETIMEDOUT, "storer: wait for a connection");
	if (run.n_lanes > 0)
		run_lanes(&run);
	give_lanes(&run);
}

/* --- one connection --------------------------------------------------- */

void
store_run_talk(
    struct store_talk *talk, struct message *message, struct store_job *job)
{
	struct run run = { .store = talk->store,
		.message = message,
		.jobs = job,
		.n = 1,
		.is_talk = true };

	if (!talk->taken) {
		take_lanes(&run);
		talk->taken = run.n_lanes > 0;
	} else if (talk->fd >= 0) {
		/* Fresh: what was staged ended with the old connection. */
		run.lanes[run.n_lanes++] =
		    (struct lane){ .fd = talk->fd, .fresh = true };
	}
	if (run.n_lanes == 0) {
		(void)why_errno(&job->why, talk->taken ? ECONNRESET : ETIMEDOUT,
		    "storer: have a connection");
		return;
	}
	run_lanes(&run);
	talk->fd = run.lanes[0].fd;
}

void
store_run_end(struct store_talk *talk)
{
	struct run run = { .store = talk->store, .is_talk = true };

	if (talk->taken)
		run.lanes[run.n_lanes++] = (struct lane){ .fd = talk->fd };
	give_lanes(&run);
}
