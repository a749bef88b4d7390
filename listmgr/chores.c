#include "listmgr/chores.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "listmgr/approved.h"
#include "listmgr/held.h"
#include "listmgr/letters.h"
#include "listmgr/takedown.h"

static const struct db_stmt listen_stmt = { "chores-listen",
	"LISTEN hauspost_list", 0 };
static const struct db_stmt begin_stmt = { "chores-begin",
	"SELECT hauspost.list_letters_begin($1)", 1 };
static const struct db_stmt clock_stmt = { "chores-clock",
	"SELECT hauspost.list_clock()", 0 };

enum {
	LOOK_MS = 30 * 1000,
	CLOCK_MS = 60 * 1000,
	SWEEP_MS = 3600 * 1000,
	RETRY_MS = 2000, /* the database, or Postfix, is away */
};

struct chores {
	struct listmgr *listmgr;
	pthread_t thread;
	struct db *ear; /* hears NOTIFY */
	long clock_due_ms, sweep_due_ms;
};

/* True when the program is to end. */
static bool
rest(const struct chores *chores, int fd, long timeout_ms)
{
	struct pollfd p[] = {
		{ .fd = chores->listmgr->stop_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	(void)poll(p, 2, (int)timeout_ms);
	return p[0].revents != 0;
}

/* Whether *due_ms has come; then it comes again after interval_ms. */
static bool
is_due(long *due_ms, long interval_ms)
{
	long now_ms = clock_ms();

	if (now_ms < *due_ms)
		return false;
	*due_ms = now_ms + interval_ms;
	return true;
}

static int
look_at_the_clock(struct chores *chores, struct why *why)
{
	const struct lists *lists = &chores->listmgr->lists;
	int r = 0;

	if (is_due(&chores->clock_due_ms, CLOCK_MS))
		r = db_ask(lists->db, &clock_stmt, NULL, NULL, why);
	if (r == 0 && is_due(&chores->sweep_due_ms, SWEEP_MS))
		r = held_sweep(lists,
		    slice_of(chores->listmgr->settings->common.node), why);
	return r < 0 ? r : 0;
}

static int
send_letters(struct chores *chores, struct why *why)
{
	int n;

	do
		n = letters_send(chores->listmgr, why);
	while (n == LETTERS_PAGE && !rest(chores, -1, 0));
	return n;
}

/* What has been notified is looked for anyway. */
static int
drain(struct db *ear, struct why *why)
{
	struct slice ignored;
	int r;

	do
		r = db_next_notice(ear, &ignored, why);
	while (r > 0);
	return r;
}

static int
work(struct chores *chores, struct why *why)
{
	int r = drain(chores->ear, why);

	if (r == 0)
		r = look_at_the_clock(chores, why);
	if (r == 0)
		r = takedown_erase(&chores->listmgr->lists,
		    slice_of(chores->listmgr->settings->common.node), why);
	if (r == 0)
		r = approved_post(chores->listmgr, why);
	return r < 0 ? r : send_letters(chores, why);
}

static int
connect_and_work(struct chores *chores, struct why *why)
{
	const struct config_common *common = &chores->listmgr->settings->common;
	struct slice node = slice_of(common->node);
	int r = db_open(common->database, "hauspost_listmgr",
	    common->database_timeout_ms, &chores->ear, why);

	if (r < 0)
		return r;
	r = db_run(chores->ear, &listen_stmt, NULL, NULL, why);
	if (r == 0)
		r = db_run(chores->ear, &begin_stmt, &node, NULL, why);
	while (r >= 0) {
		r = work(chores, why);
		if (r >= 0 && rest(chores, db_socket(chores->ear), LOOK_MS))
			break;
	}
	db_close(chores->ear);
	return r;
}

static void *
run_chores(void *arg)
{
	struct chores *chores = arg;

	do {
		struct why why = { 0 };

		if (connect_and_work(chores, &why) < 0)
			log_event(LOG_ERR, NULL, "chores-wait", LOG_WHY(&why));
	} while (!rest(chores, -1, RETRY_MS));
	return NULL;
}

struct chores *
chores_start(struct listmgr *listmgr)
{
	struct chores *chores = calloc(1, sizeof *chores);

	if (chores == NULL)
		abort();
	chores->listmgr = listmgr;
	if (pthread_create(&chores->thread, NULL, run_chores, chores) != 0)
		abort();
	return chores;
}

void
chores_stop(struct chores *chores)
{
	(void)pthread_join(chores->thread, NULL);
	free(chores);
}
