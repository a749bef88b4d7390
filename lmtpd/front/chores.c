#include "lmtpd/front/chores.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/db.h"
#include "core/log.h"
#include "core/notice.h"
#include "lmtpd/front/marks.h"

enum {
	PAGE = 100, /* mailboxes per question */
	/* Notices go out within a minute, and what failed is tried again. */
	ROUND_MS = 60 * 1000,
	SWEEP_ROUNDS = 60, /* marks of Sieve last for days */
};

/*
 * In the order of their names, so that mailboxes whose homes can not be made
 * (a mount is missing) do not keep the later ones from getting theirs.
 */
static const struct db_stmt next_unprepared = { "unprepared",
	"SELECT mailbox FROM hauspost.unprepared($1, $2, $3::int) AS mailbox",
	3 };

static const struct db_stmt mark_prepared = { "prepared",
	"SELECT hauspost.mark_prepared($1)", 1 };

struct chores {
	struct lmtpd *lmtpd;
	struct directory_hooks hooks;
	struct metrics *metrics;
	pthread_t thread;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t wake;
	bool names_changed, stopping;
};

/* --- what the directory tells ----------------------------------------- */

static void
look_for_mailboxes(struct chores *chores)
{
	(void)pthread_mutex_lock(&chores->lock);
	chores->names_changed = true;
	(void)pthread_cond_signal(&chores->wake);
	(void)pthread_mutex_unlock(&chores->lock);
}

static void
on_listening(void *arg, const struct why *lost)
{
	if (lost == NULL) /* what was made meanwhile nobody told us */
		look_for_mailboxes(arg);
}

static void
on_change(void *arg, struct slice key)
{
	if (slice_eq(key, SLICE("*")) ||
	    slice_starts_nocase(key, SLICE("name:")))
		look_for_mailboxes(arg);
}

/* --- new mailboxes ---------------------------------------------------- */

static void
prepare(struct chores *chores, struct slice mailbox)
{
	struct why why = { 0 };

	if (store_prepare(chores->lmtpd->store, mailbox, &why) != MAIL_OK ||
	    db_ask(chores->lmtpd->pool, &mark_prepared, &mailbox, NULL, &why) <
		0) {
		log_event(LOG_WARNING, NULL, "not-prepared",
		    LOG_SLICE("mailbox", mailbox), LOG_WHY(&why));
		return;
	}
	log_event(LOG_INFO, NULL, "prepared", LOG_SLICE("mailbox", mailbox));
}

/* Prepares some mailboxes behind *after. Returns how many, or -errno. */
static int
prepare_page(struct chores *chores, struct arena *arena, struct slice *after,
    struct why *why)
{
	const struct slice params[] = { chores->lmtpd->node, *after,
		db_number_param(arena, PAGE) };
	struct db_result *rows;
	int n, r = db_ask(
		   chores->lmtpd->pool, &next_unprepared, params, &rows, why);

	if (r < 0)
		return r;
	n = db_rows(rows);
	for (int i = 0; i < n; i++) {
		*after = arena_slice(arena, db_text(rows, i, 0));
		prepare(chores, *after);
	}
	db_done(rows);
	return n;
}

static bool
is_stopping(struct chores *chores)
{
	bool stopping;

	(void)pthread_mutex_lock(&chores->lock);
	stopping = chores->stopping;
	(void)pthread_mutex_unlock(&chores->lock);
	return stopping;
}

static void
prepare_all(struct chores *chores)
{
	struct arena arena = ARENA_INIT;
	struct slice after = { "", 0 };
	struct why why = { 0 };
	int n;

	do {
		n = prepare_page(chores, &arena, &after, &why);
	} while (n == PAGE && !is_stopping(chores));
	if (n < 0)
		log_event(
		    LOG_WARNING, NULL, "unprepared-unknown", LOG_WHY(&why));
	arena_done(&arena);
}

/* --- notices ---------------------------------------------------------- */

static void
send_notices(struct chores *chores)
{
	const struct settings *settings = chores->lmtpd->settings;
	const struct smtpc_options next = { SMTPC_SMTP, settings->reinject,
		settings->common.node, settings->reinject_timeout_ms };
	struct why why = { 0 };
	int sent = notice_send(
	    chores->lmtpd->pool, &next, settings->common.node, &why);

	if (sent < 0)
		log_event(LOG_WARNING, NULL, "notices-waiting", LOG_WHY(&why));
	else if (sent > 0)
		log_event(LOG_INFO, NULL, "notices-sent", LOG_NUM("n", sent));
}

/* --- marks of Sieve --------------------------------------------------- */

static void
sweep_marks(struct chores *chores)
{
	struct why why = { 0 };

	if (marks_sweep(chores->lmtpd->pool, &why) < 0)
		log_event(LOG_WARNING, NULL, "marks-not-swept", LOG_WHY(&why));
}

/* --- the thread ------------------------------------------------------- */

/* Waits for something to do; true when mailboxes may be new. */
static bool
wait_for_work(struct chores *chores, struct timespec *round)
{
	bool changed;
	int r = 0;

	(void)pthread_mutex_lock(&chores->lock);
	while (!chores->names_changed && !chores->stopping && r == 0)
		r = pthread_cond_timedwait(&chores->wake, &chores->lock, round);
	changed = chores->names_changed;
	chores->names_changed = false;
	(void)pthread_mutex_unlock(&chores->lock);
	return changed;
}

static void *
keep_house(void *arg)
{
	struct chores *chores = arg;
	long next_ms = clock_ms();
	unsigned rounds = 0;

	while (!is_stopping(chores)) {
		long left_ms = next_ms - clock_ms();
		struct timespec round =
		    clock_deadline(left_ms > 0 ? left_ms : 0);
		bool changed = wait_for_work(chores, &round);
		bool is_due = clock_ms() >= next_ms;

		if (changed || is_due)
			prepare_all(chores);
		if (!is_due)
			continue;
		send_notices(chores);
		if (rounds++ % SWEEP_ROUNDS == 0)
			sweep_marks(chores);
		next_ms = clock_ms() + ROUND_MS;
	}
	return NULL;
}

struct chores *
chores_new(struct lmtpd *lmtpd)
{
	struct chores *chores = calloc(1, sizeof *chores);

	if (chores == NULL)
		abort();
	chores->lmtpd = lmtpd;
	chores->hooks =
	    (struct directory_hooks){ chores, on_listening, on_change };
	(void)pthread_mutex_init(&chores->lock, NULL);
	clock_cond_init(&chores->wake);
	return chores;
}

const struct directory_hooks *
chores_hooks(struct chores *chores)
{
	return chores != NULL ? &chores->hooks : NULL;
}

void
chores_start(struct chores *chores)
{
	struct why why = { 0 };

	if (chores == NULL)
		return;
	/* Not to be watched is no reason not to deliver. */
	if (metrics_start(chores->lmtpd->settings->common.metrics,
		chores->lmtpd->shared->figures.list, &chores->metrics,
		&why) < 0)
		log_event(LOG_ERR, NULL, "no-metrics", LOG_WHY(&why));
	if (pthread_create(&chores->thread, NULL, keep_house, chores) != 0)
		abort(); /* the parent starts another worker */
}

void
chores_stop(struct chores *chores)
{
	if (chores == NULL)
		return;
	(void)pthread_mutex_lock(&chores->lock);
	chores->stopping = true;
	(void)pthread_cond_signal(&chores->wake);
	(void)pthread_mutex_unlock(&chores->lock);
	(void)pthread_join(chores->thread, NULL);
	metrics_stop(chores->metrics);
}

void
chores_free(struct chores *chores)
{
	if (chores == NULL)
		return;
	(void)pthread_cond_destroy(&chores->wake);
	(void)pthread_mutex_destroy(&chores->lock);
	free(chores);
}
