#include "fetcher/schedule.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/program.h"

enum {
	RENEW_MS = 30 * 1000, /* a third of the lease */
	SWEEP_MS = 3600 * 1000,
	STACK_BYTES = 512 * 1024,
	STOP_MS = 10 * 1000,
};

static const struct db_stmt begin = { "fetch-begin",
	"SELECT hauspost.fetch_begin($1)", 1 };
static const struct db_stmt claim = { "fetch-claim",
	"SELECT * FROM hauspost.fetch_claim($1, $2::integer, $3::integer,"
	" $4::integer)",
	4 };
static const struct db_stmt renew = { "fetch-renew",
	"SELECT hauspost.fetch_renew($1, $2::bigint[])", 2 };

static const struct db_stmt waked = { "fetch-waked",
	"SELECT hauspost.fetch_waked($1, $2::bigint[])", 2 };
static const struct db_stmt sweep = { "fetch-sweep",
	"SELECT hauspost.fetch_sweep()", 0 };

struct place {
	struct schedule *schedule;
	struct place *next, **back; /* in the list of those that run */
	struct job *job;
};

struct schedule {
	struct fetcher *fetcher;
	struct slice node;
	struct db *lock; /* the connection that holds this node's lock */
	long renewed_ms, swept_ms;

	pthread_mutex_t mutex; /* for what follows */
	pthread_cond_t ended;
	struct place *running;
	size_t n_running;
};

/* --- runs ------------------------------------------------------------- */

static void
leave(struct place *place)
{
	struct schedule *schedule = place->schedule;

	(void)pthread_mutex_lock(&schedule->mutex);
	*place->back = place->next;
	if (place->next != NULL)
		place->next->back = place->back;
	schedule->n_running--;
	(void)pthread_cond_signal(&schedule->ended);
	(void)pthread_mutex_unlock(&schedule->mutex);
	job_free(place->job);
	free(place);
}

static void *
run_place(void *arg)
{
	struct place *place = arg;

	run_job(place->schedule->fetcher, place->job);
	leave(place);
	return NULL;
}

static void
enter(struct schedule *schedule, struct place *place)
{
	(void)pthread_mutex_lock(&schedule->mutex);
	place->next = schedule->running;
	place->back = &schedule->running;
	if (place->next != NULL)
		place->next->back = &place->next;
	schedule->running = place;
	schedule->n_running++;
	(void)pthread_mutex_unlock(&schedule->mutex);
}

/* What gets no thread is claimed again when its lease is over. */
static void
start(struct schedule *schedule, struct job *job)
{
	struct place *place = calloc(1, sizeof *place);
	pthread_attr_t attr;
	pthread_t thread;

	if (place == NULL)
		abort();
	place->schedule = schedule;
	place->job = job;
	enter(schedule, place);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, run_place, place) != 0) {
		log_event(LOG_ERR, NULL, "no-thread",
		    LOG_NUM("account", job->account));
		leave(place);
	}
	(void)pthread_attr_destroy(&attr);
}

/* Those that only wait are none of them. */
static size_t
count_running(struct schedule *schedule)
{
	size_t idle = idlers_count(schedule->fetcher->idlers), n;

	(void)pthread_mutex_lock(&schedule->mutex);
	n = schedule->n_running;
	(void)pthread_mutex_unlock(&schedule->mutex);
	return n > idle ? n - idle : 0;
}

/* --- the database ----------------------------------------------------- */

static void
lose_lock(struct schedule *schedule, const struct why *why)
{
	log_event(LOG_WARNING, NULL, "lock-lost", LOG_WHY(why));
	db_close(schedule->lock);
	schedule->lock = NULL;
}

/* True once this node's lock is ours. */
static bool
take_lock(struct schedule *schedule)
{
	const struct config_common *common =
	    &schedule->fetcher->settings->common;
	struct db_result *rows = NULL;
	struct why why = { 0 };
	bool ours = false;

	if (schedule->lock != NULL)
		return true;
	if (db_open(common->database, "hauspost_fetcher",
		common->database_timeout_ms, &schedule->lock, &why) < 0)
		return false;
	if (db_run(schedule->lock, &begin, &schedule->node, &rows, &why) == 0)
		ours = db_flag(rows, 0, 0);
	db_done(rows);
	if (!ours) {
		if (why.verdict == 0)
			why_detail(&why, "another fetcher serves this node");
		lose_lock(schedule, &why);
	}
	return ours;
}

/* By the connection with the lock: without it nothing is claimed. */
static void
claim_due(struct schedule *schedule, size_t places)
{
	const struct settings *settings = schedule->fetcher->settings;
	struct arena arena = ARENA_INIT;
	const struct slice params[] = { schedule->node,
		db_number_param(&arena, (long long)places),
		db_number_param(&arena, settings->host_sessions_max),
		db_number_param(&arena, settings->host_starts_max) };
	struct db_result *rows;
	struct why why = { 0 };

	if (db_run(schedule->lock, &claim, params, &rows, &why) < 0) {
		lose_lock(schedule, &why);
	} else {
		for (int i = 0; i < db_rows(rows); i++)
			start(schedule, job_new(rows, i));
		db_done(rows);
	}
	arena_done(&arena);
}

static size_t
list_running(
    struct schedule *schedule, struct arena *arena, struct slice **accounts)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&schedule->mutex);
	*accounts = arena_calloc(arena, schedule->n_running, sizeof **accounts);
	for (struct place *p = schedule->running; p != NULL; p = p->next)
		(*accounts)[n++] = db_number_param(arena, p->job->account);
	(void)pthread_mutex_unlock(&schedule->mutex);
	return n;
}

static void
renew_leases(struct schedule *schedule)
{
	struct arena arena = ARENA_INIT;
	struct slice *accounts;
	size_t n = list_running(schedule, &arena, &accounts);
	const struct slice params[] = { schedule->node,
		db_array_param(&arena, accounts, n) };
	struct why why = { 0 };

	schedule->renewed_ms = clock_ms();
	/* What many runs at once have left, while others only wait. */
	(void)malloc_trim(0);
	if (n > 0 && db_run(schedule->lock, &renew, params, NULL, &why) < 0)
		lose_lock(schedule, &why);
	arena_done(&arena);
}

/* Something is wanted of them, or has been changed. */
static void
wake_idlers(struct schedule *schedule)
{
	struct idlers *idlers = schedule->fetcher->idlers;
	struct arena arena = ARENA_INIT;
	struct slice *accounts;
	size_t n = idlers_list(idlers, &arena, &accounts);
	const struct slice params[] = { schedule->node,
		db_array_param(&arena, accounts, n) };
	struct db_result *rows = NULL;
	struct why why = { 0 };

	if (n > 0 && db_run(schedule->lock, &waked, params, &rows, &why) < 0)
		lose_lock(schedule, &why);
	for (int i = 0; rows != NULL && i < db_rows(rows); i++)
		idlers_wake(idlers, db_number(rows, i, 0));
	db_done(rows);
	arena_done(&arena);
}

static void
sweep_items(struct schedule *schedule)
{
	struct why why = { 0 };

	schedule->swept_ms = clock_ms();
	if (db_ask(schedule->fetcher->pool, &sweep, NULL, NULL, &why) < 0)
		log_event(LOG_WARNING, NULL, "not-swept", LOG_WHY(&why));
}

static void
look(struct schedule *schedule)
{
	size_t most = (size_t)schedule->fetcher->settings->sessions_max;
	size_t running = count_running(schedule);

	if (!take_lock(schedule))
		return;
	if (clock_ms() - schedule->renewed_ms > RENEW_MS)
		renew_leases(schedule);
	if (clock_ms() - schedule->swept_ms > SWEEP_MS)
		sweep_items(schedule);
	if (schedule->lock != NULL)
		wake_idlers(schedule);
	if (schedule->lock != NULL && running < most)
		claim_due(schedule, most - running);
}

/* --- the loop --------------------------------------------------------- */

/* Runs end on their own soon; what does not end is dropped, which is safe. */
static bool
wait_for_runs(struct schedule *schedule)
{
	struct timespec until = clock_deadline(STOP_MS);
	int r = 0;
	bool all;

	(void)pthread_mutex_lock(&schedule->mutex);
	while (schedule->n_running > 0 && r == 0)
		r = pthread_cond_timedwait(
		    &schedule->ended, &schedule->mutex, &until);
	all = schedule->n_running == 0;
	(void)pthread_mutex_unlock(&schedule->mutex);
	return all;
}

static bool
is_raised(int fd, long wait_ms)
{
	struct pollfd pollfd = { fd, POLLIN, 0 };

	return poll(&pollfd, 1, (int)wait_ms) > 0;
}

int
schedule_run(struct fetcher *fetcher, int signal_fd, int stop_runs_fd)
{
	struct schedule schedule = { .fetcher = fetcher,
		.node = slice_of(fetcher->settings->common.node),
		.renewed_ms = clock_ms(),
		.swept_ms = clock_ms() - SWEEP_MS };
	const uint64_t one = 1;

	(void)pthread_mutex_init(&schedule.mutex, NULL);
	clock_cond_init(&schedule.ended);
	do
		look(&schedule);
	while (!is_raised(signal_fd, fetcher->settings->poll_ms));
	(void)!write(stop_runs_fd, &one, sizeof one);
	if (!wait_for_runs(&schedule)) {
		log_event(LOG_WARNING, NULL, "runs-dropped",
		    LOG_NUM("n", (long long)count_running(&schedule)));
		_exit(EX_OK); /* their memory is in use */
	}
	db_close(schedule.lock);
	return EX_OK;
}
