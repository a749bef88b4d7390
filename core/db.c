#include "core/db.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"

enum {
	DB_PARAMS_MAX = 32,
	DB_STMTS_MAX = 64, /* different statements of one program */
	DB_WARNINGS_MAX = 8192,
	PG_TEXT_OID = 25, /* in every PostgreSQL: pg_type.dat */
};

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

struct db_pool {
	char *conninfo, *role;
	long timeout_ms;
	int limit;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t returned;
	struct db *idle;
	int open; /* idle and taken */
};

/* --- time ------------------------------------------------------------- */

static long
time_left(long deadline_ms)
{
	long left_ms = deadline_ms - clock_ms();

	return left_ms > 0 ? left_ms : 0;
}

/* 0 ready, -ETIMEDOUT, or -errno. */
static int
wait_socket(const PGconn *conn, short events, long deadline_ms)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = events };

	for (;;) {
		int r = poll(&p, 1, (int)time_left(deadline_ms));

		if (r > 0)
			return 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* --- errors ----------------------------------------------------------- */

/* libpq's texts end in a newline and may have several. */
static void
keep_message(struct db *db, const char *text)
{
	struct slice said = slice_trim(slice_of(text));

	buf_reset(&db->message);
	(void)buf_add_slice(&db->message, slice_head(said, DB_WARNINGS_MAX));
}

static int
fail_connection(struct db *db, int error, struct why *why)
{
	if (error == ETIMEDOUT)
		keep_message(db, "no answer within the time limit");
	else if (error == EOPNOTSUPP)
		keep_message(db, "COPY from or to the client is not for here");
	else
		keep_message(db, PQerrorMessage(db->conn));
	(void)why_say(why, 451, "4.3.0", "directory unavailable, try later");
	why_detail(why, "database: %s", buf_text(&db->message));
	return -error;
}

static void
add_part(struct buf *to, const char *before, const char *part)
{
	if (part != NULL && part[0] != '\0')
		(void)buf_addf(to, "%s%s", before, part);
}

/* Data exceptions and broken constraints: a repeat fails as well. */
static bool
is_about_data(const char *sqlstate)
{
	return strncmp(sqlstate, "22", 2) == 0 ||
	       strncmp(sqlstate, "23", 2) == 0;
}

static int
fail_statement(struct db *db, const PGresult *result, struct why *why)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	(void)snprintf(db->sqlstate, sizeof db->sqlstate, "%s",
	    state != NULL ? state : "");
	buf_reset(&db->message);
	add_part(&db->message, "",
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	add_part(&db->message, "\n",
	    PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
	add_part(&db->message,
	    "\nHint: ", PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
	(void)why_say(why, 451, "4.3.0", "directory trouble, try later");
	why_detail(
	    why, "database: %s %s", db->sqlstate, buf_text(&db->message));
	return is_about_data(db->sqlstate) ? -EINVAL : -EPROTO;
}

/* RAISE WARNING is meant for the admin at a terminal; NOTICEs are noise. */
static void
on_server_notice(void *arg, const PGresult *result)
{
	struct db *db = arg;
	const char *severity =
	    PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity == NULL || strcmp(severity, "WARNING") != 0)
		return;
	add_part(&db->warnings, db->warnings.n > 0 ? "\n" : "",
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* --- connections ------------------------------------------------------ */

static PGconn *
start_connection(const char *conninfo, const char *role)
{
	/* Later entries win over conninfo, except for what it may choose. */
	const char *names[] = { "user", "dbname", "client_encoding",
		"fallback_application_name", NULL };
	const char *values[] = { role, conninfo, "UTF8", role, NULL };

	return PQconnectStartParams(names, values, 1);
}

static int
finish_connecting(struct db *db, long deadline_ms)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	if (db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD)
		return -ECONNRESET;
	while (state != PGRES_POLLING_OK) {
		int r = wait_socket(db->conn,
		    state == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		    deadline_ms);

		if (r < 0)
			return r;
		state = PQconnectPoll(db->conn);
		if (state == PGRES_POLLING_FAILED)
			return -ECONNRESET;
	}
	return PQsetnonblocking(db->conn, 1) == 0 ? 0 : -ECONNRESET;
}

int
db_open(const char *conninfo, const char *role, long timeout_ms,
    struct db **db_out, struct why *why)
{
	struct db *db = calloc(1, sizeof *db);
	int r;

	if (db == NULL)
		abort();
	db->timeout_ms = timeout_ms;
	db->message = (struct buf)BUF_INIT(DB_WARNINGS_MAX);
	db->warnings = (struct buf)BUF_INIT(DB_WARNINGS_MAX);
	db->conn = start_connection(conninfo, role);
	r = finish_connecting(db, clock_ms() + timeout_ms);
	if (r < 0) {
		r = fail_connection(db, -r, why);
		db_close(db);
		return r;
	}
	(void)PQsetNoticeReceiver(db->conn, on_server_notice, db);
	*db_out = db;
	return 0;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	PQfreemem(db->notify);
	PQfinish(db->conn);
	buf_free(&db->message);
	buf_free(&db->warnings);
	free(db);
}

static bool
is_usable(const struct db *db)
{
	return PQstatus(db->conn) == CONNECTION_OK &&
	       PQtransactionStatus(db->conn) == PQTRANS_IDLE;
}

/* --- the pool --------------------------------------------------------- */

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
	struct timespec deadline = clock_deadline(time_left(deadline_ms));
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
	    pool->conninfo, pool->role, time_left(deadline_ms), db_out, why);
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
	if (!is_usable(db)) {
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

/* --- statements ------------------------------------------------------- */

static int
flush_out(struct db *db, long deadline_ms)
{
	int r;

	while ((r = PQflush(db->conn)) == 1) {
		r = wait_socket(db->conn, POLLIN | POLLOUT, deadline_ms);
		if (r < 0)
			return r;
		if (PQconsumeInput(db->conn) != 1)
			return -ECONNRESET;
	}
	return r == 0 ? 0 : -ECONNRESET;
}

static int
read_result(struct db *db, long deadline_ms, PGresult **result_out)
{
	while (PQisBusy(db->conn)) {
		int r = wait_socket(db->conn, POLLIN, deadline_ms);

		if (r < 0)
			return r;
		if (PQconsumeInput(db->conn) != 1)
			return -ECONNRESET;
	}
	*result_out = PQgetResult(db->conn);
	return 0;
}

/* The server now waits for rows, or sends them, and libpq says so for ever. */
static bool
began_copy(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
	       status == PGRES_COPY_BOTH;
}

/* The last result of what was sent; earlier ones only if they failed. */
static int
collect(struct db *db, long deadline_ms, PGresult **result_out)
{
	PGresult *kept = NULL;
	int r = flush_out(db, deadline_ms);

	while (r == 0) {
		PGresult *next = NULL;

		r = read_result(db, deadline_ms, &next);
		if (r < 0 || next == NULL)
			break;
		if (began_copy(next))
			r = -EOPNOTSUPP;
		if (kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
			PQclear(next);
			continue;
		}
		PQclear(kept);
		kept = next;
	}
	if (r == 0 && kept == NULL)
		r = -ECONNRESET;
	if (r < 0)
		PQclear(kept);
	else
		*result_out = kept;
	return r;
}

/* A connection that went wrong must never be used again. */
static int
abandon(struct db *db, int error, struct why *why)
{
	int r = fail_connection(db, error, why);

	PQfinish(db->conn);
	db->conn = NULL;
	return r;
}

/* Takes the result of what was sent, or says why there is none. */
static int
finish(struct db *db, int sent, long deadline_ms, PGresult **result_out,
    struct why *why)
{
	PGresult *result = NULL;
	ExecStatusType status;
	int r = sent == 1 ? collect(db, deadline_ms, &result) : -ECONNRESET;

	if (r < 0)
		return abandon(db, -r, why);
	status = PQresultStatus(result);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
		*result_out = result;
		return 0;
	}
	if (PQstatus(db->conn) == CONNECTION_BAD)
		r = abandon(db, ECONNRESET, why);
	else
		r = fail_statement(db, result, why);
	PQclear(result);
	return r;
}

static bool
is_prepared(const struct db *db, const struct db_stmt *stmt)
{
	for (size_t i = 0; i < db->n_prepared; i++) {
		if (db->prepared[i] == stmt)
			return true;
	}
	return false;
}

static int
prepare(struct db *db, const struct db_stmt *stmt, long deadline_ms,
    struct why *why)
{
	Oid types[DB_PARAMS_MAX];
	PGresult *result = NULL;
	int r;

	if (is_prepared(db, stmt))
		return 0;
	assert(db->n_prepared < DB_STMTS_MAX);
	assert(stmt->params <= DB_PARAMS_MAX);
	for (int i = 0; i < stmt->params; i++)
		types[i] = PG_TEXT_OID;
	r = finish(db,
	    PQsendPrepare(db->conn, stmt->name, stmt->sql, stmt->params, types),
	    deadline_ms, &result, why);
	PQclear(result);
	if (r == 0)
		db->prepared[db->n_prepared++] = stmt;
	return r;
}

static int
check_params(
    const struct db_stmt *stmt, const struct slice *params, struct why *why)
{
	for (int i = 0; i < stmt->params; i++) {
		if (params[i].p != NULL && !slice_is_text(params[i])) {
			(void)why_say(why, 451, "4.3.0", "directory trouble");
			why_detail(why, "%s: parameter %d is no text",
			    stmt->name, i + 1);
			return -EILSEQ;
		}
	}
	return 0;
}

/*
 * Parameters go as binary text: length-counted, so nothing has to be copied
 * only to be NUL-terminated.
 */
static int
send_prepared(
    struct db *db, const struct db_stmt *stmt, const struct slice *params)
{
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];

	for (int i = 0; i < stmt->params; i++) {
		values[i] = params[i].p;
		lengths[i] = (int)params[i].n;
		formats[i] = 1;
	}
	return PQsendQueryPrepared(
	    db->conn, stmt->name, stmt->params, values, lengths, formats, 0);
}

static int
run_by(struct db *db, const struct db_stmt *stmt, const struct slice *params,
    long deadline_ms, struct db_result **result_out, struct why *why)
{
	PGresult *result = NULL;
	int r = check_params(stmt, params, why);

	if (r == 0)
		r = prepare(db, stmt, deadline_ms, why);
	if (r == 0)
		r = finish(db, send_prepared(db, stmt, params), deadline_ms,
		    &result, why);
	if (r < 0)
		return r;
	if (result_out != NULL)
		*result_out = (struct db_result *)result;
	else
		PQclear(result);
	return 0;
}

int
db_run(struct db *db, const struct db_stmt *stmt, const struct slice *params,
    struct db_result **result_out, struct why *why)
{
	return run_by(
	    db, stmt, params, clock_ms() + db->timeout_ms, result_out, why);
}

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
		r = run_by(db, stmt, params, deadline_ms, result_out, why);
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

int
db_run_one(struct db *db, const char *sql, long timeout_ms,
    struct db_result **result_out, struct why *why)
{
	long limit_ms = timeout_ms > 0 ? timeout_ms : INT32_MAX;
	PGresult *result = NULL;
	int r;

	/* Not PQsendQuery: the simple protocol runs "a; COMMIT" as two. */
	r = finish(db,
	    PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 0),
	    clock_ms() + limit_ms, &result, why);
	if (r < 0)
		return r;
	*result_out = (struct db_result *)result;
	return 0;
}

const char *
db_sqlstate(const struct db *db)
{
	return db->sqlstate;
}

const char *
db_message(const struct db *db)
{
	return buf_text(&db->message);
}

const char *
db_warnings(struct db *db, struct arena *arena)
{
	const char *said = arena_strdup(arena, buf_text(&db->warnings));

	buf_reset(&db->warnings);
	return said;
}

/* --- results ---------------------------------------------------------- */

static const PGresult *
pg(const struct db_result *result)
{
	return (const PGresult *)result;
}

int
db_rows(const struct db_result *result)
{
	return PQntuples(pg(result));
}

const char *
db_tag(struct db_result *result)
{
	return PQcmdStatus((PGresult *)result);
}

bool
db_is_null(const struct db_result *result, int row, int column)
{
	return PQgetisnull(pg(result), row, column) == 1;
}

struct slice
db_text(const struct db_result *result, int row, int column)
{
	return (struct slice){ PQgetvalue(pg(result), row, column),
		(size_t)PQgetlength(pg(result), row, column) };
}

long long
db_number(const struct db_result *result, int row, int column)
{
	return strtoll(PQgetvalue(pg(result), row, column), NULL, 10);
}

bool
db_flag(const struct db_result *result, int row, int column)
{
	return PQgetvalue(pg(result), row, column)[0] == 't';
}

struct slice
db_octets(
    const struct db_result *result, int row, int column, struct arena *arena)
{
	size_t n = 0;
	unsigned char *plain = PQunescapeBytea(
	    (const unsigned char *)PQgetvalue(pg(result), row, column), &n);
	struct slice octets;

	if (plain == NULL)
		abort();
	octets = arena_slice(arena, (struct slice){ (const char *)plain, n });
	PQfreemem(plain);
	return octets;
}

void
db_done(struct db_result *result)
{
	PQclear((PGresult *)result);
}

/* --- arrays: {plain,"with \"quotes\"",NULL} (PostgreSQL 8.15.6) -------- */

static size_t
count_items(struct slice text)
{
	size_t n = text.n > 2 ? 1 : 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ',';
	return n; /* commas inside quotes only make it an upper bound */
}

/* One element off the front of *rest, unescaped into the arena. */
static struct slice
take_item(struct slice *rest, struct arena *arena)
{
	char *to = arena_alloc(arena, rest->n + 1);
	bool quoted = rest->n > 0 && rest->p[0] == '"';
	size_t i = quoted, n = 0;

	for (; i < rest->n; i++) {
		char c = rest->p[i];

		if (c == (quoted ? '"' : ','))
			break;
		if (c == '\\' && i + 1 < rest->n)
			c = rest->p[++i];
		to[n++] = c;
	}
	*rest = slice_tail(*rest, i + quoted + 1); /* the comma as well */
	return (struct slice){ to, n };
}

size_t
db_array(const struct db_result *result, int row, int column,
    struct arena *arena, struct slice **items_out)
{
	struct slice text = db_text(result, row, column), *items;
	size_t n = 0;

	items = arena_calloc(arena, count_items(text) + 1, sizeof *items);
	*items_out = items;
	if (text.n < 2)
		return 0;
	text = (struct slice){ text.p + 1, text.n - 2 };
	while (text.n > 0)
		items[n++] = take_item(&text, arena);
	return n;
}

static void
add_item(struct buf *to, struct slice item)
{
	if (item.p == NULL) {
		(void)buf_add_text(to, "NULL");
		return;
	}
	(void)buf_add_char(to, '"');
	for (size_t i = 0; i < item.n; i++) {
		if (item.p[i] == '"' || item.p[i] == '\\')
			(void)buf_add_char(to, '\\');
		(void)buf_add_char(to, item.p[i]);
	}
	(void)buf_add_char(to, '"');
}

struct slice
db_array_param(struct arena *arena, const struct slice *items, size_t n)
{
	AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 2);

	(void)buf_add_char(&text, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)buf_add_char(&text, ',');
		add_item(&text, items[i]);
	}
	(void)buf_add_char(&text, '}');
	return arena_slice(arena, buf_slice(&text));
}

struct slice
db_number_param(struct arena *arena, long long number)
{
	return slice_of(arena_printf(arena, "%lld", number));
}

/* --- notifications ---------------------------------------------------- */

int
db_socket(const struct db *db)
{
	return PQsocket(db->conn);
}

int
db_next_notice(struct db *db, struct slice *payload_out, struct why *why)
{
	if (PQconsumeInput(db->conn) != 1)
		return fail_connection(db, ECONNRESET, why);
	PQfreemem(db->notify);
	db->notify = PQnotifies(db->conn);
	if (db->notify == NULL)
		return 0;
	*payload_out = slice_of(db->notify->extra);
	return 1;
}
