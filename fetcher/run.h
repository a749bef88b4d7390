/*
 * fetcher/run.h - one account is looked at, from the claim to the report.
 *
 * A run is a thread that reads top to bottom: connect, log in, list, fetch,
 * delete, quit. It waits for the remote server, lmtpd and the database by
 * blocking, each with a time limit of its own.
 *
 * Threads: what fetcher points to is shared, and const or has its own lock.
 */
#ifndef HAUSPOST_FETCHER_RUN_H
#define HAUSPOST_FETCHER_RUN_H

#include "core/sealed.h"
#include "fetcher/idlers.h"
#include "fetcher/intake.h"
#include "fetcher/sasl.h"
#include "fetcher/settings.h"
#include "fetcher/token.h"

struct fetcher {
	const struct settings *settings;
	struct db_pool *pool;
	struct post *post;
	const struct sealed_keys *keys;
	struct tokens *tokens;
	struct idlers *idlers;
	struct trust trust;
	struct guard guard;
	int stop_fd; /* readable once the runs are to end */
};

/* What the parts of a run share. */
struct run {
	struct fetcher *fetcher;
	const struct job *job;
	struct arena arena;
	struct trouble trouble;
	struct buf secret; /* what login shows */
	struct sasl_login login;
	struct connection *connection;
	struct items items;
	struct intake intake;
	bool more; /* left for another session of the same run */
};

/* It is here, and its days there are over. */
static inline bool
run_removes(const struct run *run, const struct item *item)
{
	return item->remove || (item->delivered && run->job->leave_days == 0);
}

/*
 * A run that waits for new mail may last for months. What it allocates from
 * the begin of a round, whose result goes to the end, goes with the round.
 */
static inline struct arena
run_begin_round(struct run *run)
{
	struct arena kept = run->arena;

	run->arena = (struct arena)ARENA_INIT;
	return kept;
}

static inline void
run_end_round(struct run *run, struct arena kept)
{
	arena_done(&run->arena);
	run->arena = kept;
}

/* It is not needed any more: wiped before the run waits for long. */
void run_forget_secret(struct run *run);

/* Does it, and tells the database how it ended. */
void run_job(struct fetcher *fetcher, const struct job *job);

#endif
