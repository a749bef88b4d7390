/*
 * core/batch.h - rows that may reach the database a moment later.
 *
 * Trail, usage and notices must not slow a delivery down: batch_add() copies
 * a row and returns, a thread of the batch writes what has gathered every
 * BATCH_WAIT_MS, many rows with one statement. The statement takes one
 * text[] per column: INSERT … SELECT … FROM unnest($1::text[], $2::text[]).
 *
 * Losses are bounded and told: while the database is away rows are kept up
 * to BATCH_ROWS_MAX, then the oldest go, and the number is logged; a crash
 * loses what has not been written. So nothing that decides about mail
 * depends on it.
 *
 * Threads: batch_add() from any thread.
 */
#ifndef HAUSPOST_CORE_BATCH_H
#define HAUSPOST_CORE_BATCH_H

#include "core/db.h"

enum {
	BATCH_WAIT_MS = 200,	/* an admin at psql does not notice */
	BATCH_WRITE_ROWS = 500, /* a statement of about 100 KB */
	BATCH_ROWS_MAX = 50000, /* some 20 MB of memory */
};

struct batch;

/* stmt->params is the number of columns. Starts the thread. */
struct batch *batch_start(struct db_pool *pool, const struct db_stmt *stmt);

/* Copies one row. Octets that are no text are replaced by '?'. */
void batch_add(struct batch *batch, const struct slice *row);

/* Writes what is left, trying once, and ends the thread. NULL is fine. */
void batch_stop(struct batch *batch);

#endif
