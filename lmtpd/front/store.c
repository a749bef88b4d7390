#include "lmtpd/front/store.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/endpoint.h"
#include "core/scope.h"

/*
 * The pool keeps idle connections on a stack, so that few of them stay warm.
 * store_deliver() takes some of them as its lanes. Each lane has at most one
 * request under way; the answer frees the lane for the next job.
 */
struct store {
	const char *endpoint;
	long timeout_ms;
	int connections_max;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t returned;
	int *idle; /* room for connections_max */
	int n_idle, open;
};

struct lane {
	int fd;		       /* -1: to be connected */
	struct store_job *job; /* under way, or NULL */
	bool fresh;	       /* connected for this job: no second try */
	long deadline_ms;
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

static bool
has_place(const struct store *store)
{
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

/* Up to max lanes; waits for the first of them only. 0 when none came. */
static size_t
take_lanes(struct store *store, struct lane *lanes, size_t max)
{
	struct timespec deadline = clock_deadline(store->timeout_ms);
	size_t n = 0;
	int r = 0;

	(void)pthread_mutex_lock(&store->lock);
	while (!has_place(store) && r == 0)
		r = pthread_cond_timedwait(
		    &store->returned, &store->lock, &deadline);
	while (n < max && has_place(store))
		lanes[n++] = (struct lane){ .fd = take_place(store) };
	(void)pthread_mutex_unlock(&store->lock);
	return n;
}

static void
give_lanes(struct store *store, const struct lane *lanes, size_t n)
{
	(void)pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < n; i++) {
		if (lanes[i].fd >= 0)
			store->idle[store->n_idle++] = lanes[i].fd;
		else
			store->open--;
	}
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

/* Attaches fd to the packet; space must live until it was sent. */
union fd_space {
	struct cmsghdr align;
	char octets[CMSG_SPACE(sizeof(int))];
};

static void
attach_fd(struct msghdr *packet, union fd_space *space, int fd)
{
	struct cmsghdr *c;

	*space = (union fd_space){ 0 };
	packet->msg_control = space->octets;
	packet->msg_controllen = sizeof space->octets;
	c = CMSG_FIRSTHDR(packet);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	(void)memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

/* text: the message when it goes inline; fd: where it is, or -1. */
static int
send_packet(int socket, struct store_job *job, struct slice text, int fd)
{
	struct iovec parts[] = {
		{ &job->request, sizeof job->request },
		{ (void *)job->head.p, job->head.n },
		{ (void *)text.p, text.n },
	};
	struct msghdr packet = { .msg_iov = parts,
		.msg_iovlen = sizeof parts / sizeof *parts };
	union fd_space space;
	ssize_t r;

	if (fd >= 0)
		attach_fd(&packet, &space, fd);
	do {
		r = sendmsg(socket, &packet, MSG_NOSIGNAL);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static int
send_job(int socket, struct store_job *job, struct message *message)
{
	struct slice text = { NULL, 0 };
	int fd = -1;

	if (job->request.op == STORE_DELIVER) {
		text = message_text(message);
		if (text.n > STORE_INLINE_MAX || text.p == NULL)
			fd = message_fd(message, &job->why);
		if (fd < 0 && text.p == NULL)
			return -EIO;
	}
	if (fd >= 0)
		text.n = 0;
	job->request.version = STORE_VERSION;
	job->request.head_size = (uint32_t)job->head.n;
	job->request.inline_size = (uint32_t)text.n;
	return send_packet(socket, job, text, fd);
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
	return lane->fd < 0 ? lane->fd : 0;
}

/* Sends lane->job; whatever goes wrong is the job's result. */
static void
start_job(struct store *store, struct lane *lane, struct message *message)
{
	int r;

	lane->deadline_ms = clock_ms() + store->timeout_ms;
	if (lane->fd < 0 && connect_lane(store, lane, &lane->job->why) < 0) {
		lane->job = NULL;
		return;
	}
	r = send_job(lane->fd, lane->job, message);
	if (may_try_again(lane, r)) {
		(void)close_fd(&lane->fd);
		start_job(store, lane, message); /* fresh now: once */
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
read_answer(struct store *store, struct lane *lane, struct message *message)
{
	struct store_answer answer;
	ssize_t n = recv(lane->fd, &answer, sizeof answer, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == sizeof answer && answer.version == STORE_VERSION) {
		take_answer(lane, &answer);
		return;
	}
	if (n > 0) {
		fail_job(lane, EPROTO, "answer of another version");
	} else if (may_try_again(lane, n == 0 ? -ECONNRESET : -errno)) {
		(void)close_fd(&lane->fd);
		start_job(store, lane, message);
	} else {
		fail_job(lane, ECONNRESET, "ended while it stored");
	}
}

/* --- all of them ------------------------------------------------------ */

static long
next_deadline(const struct lane *lanes, size_t n)
{
	long first = clock_ms() + INT32_MAX;

	for (size_t i = 0; i < n; i++) {
		if (lanes[i].job != NULL && lanes[i].deadline_ms < first)
			first = lanes[i].deadline_ms;
	}
	return first;
}

static void
expire(struct lane *lanes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (lanes[i].job != NULL && lanes[i].deadline_ms <= clock_ms())
			fail_job(&lanes[i], ETIMEDOUT, "wait for the answer");
	}
}

/* Waits until some lanes are free again. */
static void
serve_lanes(
    struct store *store, struct lane *lanes, size_t n, struct message *message)
{
	struct pollfd polls[STORE_TOGETHER_MAX];
	long left_ms = next_deadline(lanes, n) - clock_ms();

	for (size_t i = 0; i < n; i++)
		polls[i] = (struct pollfd){ .events = POLLIN,
			.fd = lanes[i].job != NULL ? lanes[i].fd : -1 };
	(void)poll(polls, n, left_ms > 0 ? (int)left_ms : 0);
	for (size_t i = 0; i < n; i++) {
		if (polls[i].fd >= 0 && polls[i].revents != 0)
			read_answer(store, &lanes[i], message);
	}
	expire(lanes, n);
}

static bool
is_busy(const struct lane *lanes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (lanes[i].job != NULL)
			return true;
	}
	return false;
}

static void
run_jobs(struct store *store, struct message *message, struct store_job *jobs,
    size_t n)
{
	struct lane lanes[STORE_TOGETHER_MAX];
	size_t next = 0, n_lanes = take_lanes(store, lanes,
			     n < STORE_TOGETHER_MAX ? n : STORE_TOGETHER_MAX);

	for (size_t i = 0; n_lanes == 0 && i < n; i++)
		(void)why_errno(
		    &jobs[i].why, ETIMEDOUT, "storer: wait for a connection");
	while (n_lanes > 0 && (next < n || is_busy(lanes, n_lanes))) {
		for (size_t i = 0; i < n_lanes && next < n; i++) {
			if (lanes[i].job != NULL)
				continue;
			lanes[i].job = &jobs[next++];
			start_job(store, &lanes[i], message);
		}
		if (is_busy(lanes, n_lanes))
			serve_lanes(store, lanes, n_lanes, message);
	}
	give_lanes(store, lanes, n_lanes);
}

bool
store_set_text(char *to, size_t size, struct slice text)
{
	if (text.n >= size || slice_find(text, '\0') >= 0)
		return false;
	if (text.n > 0)
		(void)memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	return true;
}

void
store_deliver(struct store *store, struct message *message,
    struct store_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct store_request *request = &jobs[i].request;
		struct slice head = jobs[i].head;

		request->op = STORE_DELIVER;
		request->message_size = message->size_bytes;
		request->line_ends = message->line_ends;
		for (long at; (at = slice_find(head, '\n')) >= 0;) {
			request->line_ends++;
			head = slice_tail(head, (size_t)at + 1);
		}
	}
	run_jobs(store, message, jobs, n);
}

enum verdict
store_prepare(struct store *store, struct slice mailbox, struct why *why)
{
	struct store_job job = { .request = { .op = STORE_PREPARE } };

	if (!store_set_text(
		job.request.mailbox, sizeof job.request.mailbox, mailbox))
		return why_say(why, 451, "4.3.0", "mailbox name too long");
	run_jobs(store, NULL, &job, 1);
	*why = job.why;
	return why->verdict;
}
