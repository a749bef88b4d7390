#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/db_inside.h"

struct db_pool {
	char *conninfo, *role;
	long timeout_ms;
	int limit;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t returned;
	struct db *idle;
	int open; /* idle and taken */
};

static char *
copy(const char *text)
{
	char *made = strdup(text);

	if (made == NULL)
		abort();
	return made;
}

struct db_pool *
db_pool_new(const char *conninfo, const char *role, int limit, long timeout_ms)
{
	struct db_pool *pool = calloc(1, sizeof *pool);

	if (pool == NULL)
		abort();
	pool->conninfo = copy(conninfo);
	pool->role = copy(role);
	pool->limit = limit;
	pool->timeout_ms = timeout_ms;
	(void)pthread_mutex_init(&pool->lock, NULL);
	clock_cond_init(&pool->returned);
	return pool;
}

void
db_pool_free(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	while (pool->idle != NULL) {
		struct db *next = pool->idle->next;

		db_close(pool->idle);
		pool->idle = next;
	}
	(void)pthread_cond_destroy(&pool->returned);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->conninfo);
	free(pool->role);
	free(pool);
}

/*
 * 1 with an idle connection, 0 with the right to open one (already counted
 * in pool->open), -ETIMEDOUT.
 */
static int
wait_for_place(struct db_pool *pool, long deadline_ms, struct db **db_out)
{
	struct timespec deadline = clock_deadline(db_time_left(deadline_ms));
	int r = 0;

	(void)pthread_mutex_lock(&pool->lock);
	while (pool->idle == NULL && pool->open >= pool->limit && r == 0)
		r = pthread_cond_timedwait(
		    &pool->returned, &pool->lock, &deadline);
	if (pool->idle != NULL) {
		*db_out = pool->idle;
		pool->idle = pool->idle->next;
		r = 1;
	} else if (pool->open < pool->limit) {
		pool->open++;
		r = 0;
	} else {
		r = -ETIMEDOUT;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return r;
}

static void
leave_place(struct db_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->open--;
	(void)pthread_cond_signal(&pool->returned);
	(void)pthread_mutex_unlock(&pool->lock);
}

static int
take_by(
    struct db_pool *pool, long deadline_ms, struct db **db_out, struct why *why)
{
	int r = wait_for_place(pool, deadline_ms, db_out);

	if (r > 0)
		return 0;
	if (r < 0) {
		(void)why_say(why, 451, "4.3.0", "busy, try later");
		why_detail(
		    why, "database: all %d connections in use", pool->limit);
		return r;
	}
	r = db_open(
	    pool->conninfo, pool->role, db_time_left(deadline_ms), db_out, why);
	if (r < 0)
		leave_place(pool);
	else
		(*db_out)->timeout_ms = pool->timeout_ms;
	return r;
}

int
db_take(struct db_pool *pool, struct db **db_out, struct why *why)
{
	return take_by(pool, clock_ms() + pool->timeout_ms, db_out, why);
}

/* After a restart of the server all of them are dead. */
static void
close_idle(struct db_pool *pool)
{
	struct db *idle;

	(void)pthread_mutex_lock(&pool->lock);
	idle = pool->idle;
	pool->idle = NULL;
	(void)pthread_mutex_unlock(&pool->lock);
	while (idle != NULL) {
		struct db *next = idle->next;

		db_close(idle);
		leave_place(pool);
		idle = next;
	}
}

void
db_give(struct db_pool *pool, struct db *db)
{
	if (!db_is_usable(db)) {
		db_close(db);
		leave_place(pool);
		return;
	}
	(void)pthread_mutex_lock(&pool->lock);
	db->next = pool->idle;
	pool->idle = db;
	(void)pthread_cond_signal(&pool->returned);
	(void)pthread_mutex_unlock(&pool->lock);
}
/* --- asking ------------------------------------------------------------ */

int
db_ask_by(struct db_pool *pool, const struct db_stmt *stmt,
    const struct slice *params, long deadline_ms, struct db_result **result_out,
    struct why *why)
{
	for (bool again = false;; again = true) {
		struct db *db;
		int r = take_by(pool, deadline_ms, &db, why);

		if (r < 0)
			return r;
		r = db_run_by(db, stmt, params, deadline_ms, result_out, why);
		db_give(pool, db);
		if (r != -ECONNRESET || again)
			return r;
		close_idle(pool);
	}
}

int
db_ask(struct db_pool *pool, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **result_out, struct why *why)
{
	return db_ask_by(
	    pool, stmt, params, clock_ms() + pool->timeout_ms, result_out, why);
}
