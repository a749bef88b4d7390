/*
 * core/db.h - PostgreSQL, the only file that includes libpq.
 *
 * A statement is written once, as a static struct db_stmt at the top of the
 * file that uses it; data travels in parameters, never in its text. It is
 * prepared on a connection when that connection first meets it.
 *
 * Waiting: every call ends within the pool's time limit, whatever the server
 * or the network does. A connection that overran its limit is closed, since
 * what it would still answer belongs to a question nobody asks any more.
 *
 * Errors:    0, or -errno with why filled (451 4.3.0; detail for the log):
 *            -ETIMEDOUT   no answer in time, or no connection free in time
 *            -ECONNRESET  connection lost or refused
 *            -EILSEQ      a parameter is no text (NUL, malformed UTF-8)
 *            -EINVAL      the server refused the data (SQLSTATE 22, 23)
 *            -EPROTO      the server refused to do it, whatever the data
 * Ownership: results and what slices show of them live until db_done().
 * Threads:   a pool may be shared; a struct db belongs to one thread between
 *            db_take() and db_give().
 */
#ifndef HAUSPOST_CORE_DB_H
#define HAUSPOST_CORE_DB_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"
#include "core/why.h"

struct db;
struct db_pool;
struct db_result;

struct db_stmt {
	const char *name; /* unique in the program */
	const char *sql;  /* every $n is text; cast others: $1::bigint */
	int params;
};

/* A parameter: .p NULL is SQL's NULL. */
#define DB_NULL ((struct slice){ NULL, 0 })

/*
 * conninfo as libpq takes it; role is used when it names no user. Opens
 * nothing yet. limit: connections at most; timeout_ms: for connecting, for
 * each statement, for waiting for a free connection.
 */
struct db_pool *db_pool_new(
    const char *conninfo, const char *role, int limit, long timeout_ms);
void db_pool_free(struct db_pool *pool);

/* A connection out of the pool, opened when there is none. */
int db_take(struct db_pool *pool, struct db **db_out, struct why *why);
void db_give(struct db_pool *pool, struct db *db);

/* Runs a statement; *result_out (may be NULL) is for db_done(). */
int db_run(struct db *db, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **result_out, struct why *why);

/*
 * db_take, db_run, db_give in one, all of it within the pool's time limit.
 * When a pooled connection was dead, so are the others: they are closed, and
 * it is tried once more.
 */
int db_ask(struct db_pool *pool, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **result_out, struct why *why);

/* The same with an end of waiting of its own (clock_ms()). */
int db_ask_by(struct db_pool *pool, const struct db_stmt *stmt,
    const struct slice *params, long deadline_ms, struct db_result **result_out,
    struct why *why);

/*
 * Runs one statement out of a file that an admin wrote (migrations, explain
 * --with). By the protocol that takes just one: the server itself refuses a
 * second one behind a semicolon. timeout_ms 0: none but the server's own.
 */
int db_run_one(struct db *db, const char *sql, long timeout_ms,
    struct db_result **result_out, struct why *why);

/* SQLSTATE, and message with DETAIL and HINT, of the last refusal. */
const char *db_sqlstate(const struct db *db);
const char *db_message(const struct db *db);

/* What RAISE WARNING said since the last call, for the admin; "" if nothing. */
const char *db_warnings(struct db *db, struct arena *arena);

/* --- results; rows and columns count from 0 --------------------------- */

int db_rows(const struct db_result *result);

/* What the server says it ran: "SELECT 2", "ROLLBACK". */
const char *db_tag(struct db_result *result);
bool db_is_null(const struct db_result *result, int row, int column);
struct slice db_text(const struct db_result *result, int row, int column);
long long db_number(const struct db_result *result, int row, int column);
bool db_flag(const struct db_result *result, int row, int column);

/* A bytea; octets in the arena. */
struct slice db_octets(
    const struct db_result *result, int row, int column, struct arena *arena);

/* A one-dimensional text[]: n elements into *items_out, in the arena. */
size_t db_array(const struct db_result *result, int row, int column,
    struct arena *arena, struct slice **items_out);
void db_done(struct db_result *result);

/* A text[] parameter made of n elements; DB_NULL elements are NULLs. */
struct slice db_array_param(
    struct arena *arena, const struct slice *items, size_t n);
struct slice db_number_param(struct arena *arena, long long number);

/* --- notifications ---------------------------------------------------- */

/* A connection of its own, outside any pool; the same rules. */
int db_open(const char *conninfo, const char *role, long timeout_ms,
    struct db **db_out, struct why *why);
void db_close(struct db *db);

/* For poll(2): readable when db_next_notice() may have something. */
int db_socket(const struct db *db);

/*
 * The next notification's payload into *payload_out (valid until the next
 * call). 1 there was one, 0 none now, negative: the connection is lost.
 */
int db_next_notice(struct db *db, struct slice *payload_out, struct why *why);

#endif
