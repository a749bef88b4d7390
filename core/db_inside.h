/*
 * core/db_inside.h - what the parts of core/db know of a connection; nobody
 * else includes it.
 */
#ifndef HAUSPOST_CORE_DB_INSIDE_H
#define HAUSPOST_CORE_DB_INSIDE_H

#include <libpq-fe.h>

#include "core/buf.h"
#include "core/db.h"

enum { DB_STMTS_MAX = 64 }; /* different statements of one program */

struct db {
	PGconn *conn;
	long timeout_ms;
	const struct db_stmt *prepared[DB_STMTS_MAX];
	size_t n_prepared;
	char sqlstate[6];
	struct buf message, warnings;
	PGnotify *notify; /* whose payload the caller may still look at */
	struct db *next;  /* in the pool's free list */
};

/* Milliseconds until then, at least 0. */
long db_time_left(long deadline_ms);

/* Alive, and not in the middle of a transaction. */
bool db_is_usable(const struct db *db);

/* As db_run(), until then. */
int db_run_by(struct db *db, const struct db_stmt *stmt,
    const struct slice *params, long deadline_ms, struct db_result **result_out,
    struct why *why);

#endif
