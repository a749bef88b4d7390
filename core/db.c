#include "core/db_inside.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

enum {
	DB_PARAMS_MAX = 32,
	DB_WARNINGS_MAX = 8192,
	PG_TEXT_OID = 25, /* in every PostgreSQL: pg_type.dat */
};

/* --- time ------------------------------------------------------------- */

long
db_time_left(long deadline_ms)
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
		int r = poll(&p, 1, (int)db_time_left(deadline_ms));

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

bool
db_is_usable(const struct db *db)
{
	return PQstatus(db->conn) == CONNECTION_OK &&
	       PQtransactionStatus(db->conn) == PQTRANS_IDLE;
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

int
db_run_by(struct db *db, const struct db_stmt *stmt,
    const struct slice *params, long deadline_ms, struct db_result **result_out,
    struct why *why)
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
	return db_run_by(
	    db, stmt, params, clock_ms() + db->timeout_ms, result_out, why);
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
