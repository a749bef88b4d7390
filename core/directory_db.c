/* The directory's source in PostgreSQL: its statements and its ear. */
#include "core/directory_source.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/db.h"

/*
 * A server that lost power or network says nothing, so silence is tested:
 * this, and the time limit of a query, is how long a change may stay unheard
 * at most before answers count as stale.
 */
enum { SILENCE_MAX_MS = 5000 };

/*
 * Keys and the time until changes_at stand behind the columns that answer.c
 * reads. The server counts that time by its own clock, ours may differ.
 */
#define KEYS_AND_TIME                                                          \
	", keys, CASE WHEN isfinite(changes_at) THEN"                          \
	" floor(extract(epoch FROM changes_at - now()) * 1000)::bigint END"

struct question_kind {
	struct db_stmt stmt;
	size_t columns; /* without keys and time */
	bool has_keys;
};

static const struct question_kind kinds[DIRECTORY_QUERIES] = {
	[DIRECTORY_RESOLVE] = { { "resolve",
				    "SELECT kind, queue_recipient,"
				    " srs_recipient, mailbox, node, detail,"
				    " original, code, dsn, reply, size_limit,"
				    " array_to_string(path, E'\\n'),"
				    " forwarder, target_id, "
				    "package" KEYS_AND_TIME
				    " FROM hauspost.resolve($1)",
				    1 },
	    15, true },
	[DIRECTORY_LEAF] = { { "leaf",
				 "SELECT kind, mailbox, node, detail, address,"
				 " forwarder, code, dsn, reply, size_limit,"
				 " quota_bytes, quota_hard_bytes, filter,"
				 " program, owner,"
				 " forward_file" KEYS_AND_TIME
				 " FROM hauspost.leaf($1)",
				 1 },
	    16, true },
	[DIRECTORY_DOMAIN] = { { "domain_class",
				   "SELECT class, nexthop" KEYS_AND_TIME
				   " FROM hauspost.domain_class($1)",
				   1 },
	    2, true },
	[DIRECTORY_MAX_SIZE] = { { "max_size", "SELECT hauspost.max_size()",
				     0 },
	    1, false },
	[DIRECTORY_SETUP] = { { "autoconfig",
				  "SELECT status, domain, login, profile,"
				  " protocol, hostname, port, "
				  "tls" KEYS_AND_TIME
				  " FROM hauspost.autoconfig("
				  "split_part($1, E'\\n', 1),"
				  " split_part($1, E'\\n', 2),"
				  " split_part($1, E'\\n', 3))",
				  1 },
	    8, true },
	[DIRECTORY_SCRIPTS] = { { "sieve",
				    "SELECT place, name, script" KEYS_AND_TIME
				    " FROM hauspost.sieve("
				    "split_part($1, E'\\n', 1),"
				    " split_part($1, E'\\n', 2))",
				    1 },
	    3, true },
	[DIRECTORY_FORWARDING] = { { "forwarding",
				       "SELECT srs_domain, forward_spam,"
				       " srs_keys" KEYS_AND_TIME
				       " FROM hauspost.forwarding($1)",
				       1 },
	    3, true },
	[DIRECTORY_ACCOUNT] = { { "account",
				    "SELECT mailbox, package, bulk,"
				    " locked" KEYS_AND_TIME
				    " FROM hauspost.account($1)",
				    1 },
	    4, true },
	[DIRECTORY_MAY_SEND] = { { "may_send",
				     "SELECT code, dsn, reply, size_limit,"
				     " instead" KEYS_AND_TIME
				     " FROM hauspost.may_send("
				     "split_part($1, E'\n', 1),"
				     " split_part($1, E'\n', 2))",
				     1 },
	    5, true },
	[DIRECTORY_QUOTA] = { { "quota",
				  "SELECT mailbox, code, dsn, reply"
				  " FROM hauspost.quota($1::text[])",
				  1 },
	    4, false },
};

static const struct db_stmt listen_stmt = { "listen",
	"LISTEN hauspost_directory", 0 };
static const struct db_stmt ping_stmt = { "ping", "SELECT 1", 0 };

struct directory_db {
	struct db_pool *pool;
	struct db *ear;
	char *conninfo, *role;
	long timeout_ms;
};

/* --- asking ----------------------------------------------------------- */

static struct rows
copy_rows(const struct db_result *result, size_t columns, struct arena *arena)
{
	struct rows rows = { (size_t)db_rows(result), columns, NULL };

	rows.cells = arena_calloc(arena, rows.n * columns, sizeof *rows.cells);
	for (size_t i = 0; i < rows.n * columns; i++)
		rows.cells[i] = arena_slice(arena,
		    db_text(result, (int)(i / columns), (int)(i % columns)));
	return rows;
}

static void
take_reply(const struct question_kind *kind, const struct db_result *result,
    struct arena *arena, struct directory_reply *reply)
{
	int keys = (int)kind->columns, time = keys + 1;

	*reply = (struct directory_reply){ .lasts_ms = LONG_MAX };
	reply->rows = copy_rows(result, kind->columns, arena);
	if (!kind->has_keys || reply->rows.n == 0)
		return;
	reply->n_keys = db_array(result, 0, keys, arena, &reply->keys);
	for (size_t i = 0; i < reply->n_keys; i++)
		reply->keys[i] = arena_slice(arena, reply->keys[i]);
	if (!db_is_null(result, 0, time))
		reply->lasts_ms = (long)db_number(result, 0, time);
}

static int
ask(void *self, const struct directory_question *question, struct arena *arena,
    struct directory_reply *reply_out, struct why *why)
{
	struct directory_db *source = self;
	const struct question_kind *kind = &kinds[question->query];
	struct db_result *result;
	int r;

	r = db_ask_by(source->pool, &kind->stmt, &question->text,
	    question->deadline_ms, &result, why);
	if (r < 0)
		return r;
	take_reply(kind, result, arena, reply_out);
	db_done(result);
	return 0;
}

/* --- listening -------------------------------------------------------- */

static void
stop_listening(struct directory_db *source)
{
	db_close(source->ear);
	source->ear = NULL;
}

static int
start_listening(void *self, struct why *why)
{
	struct directory_db *source = self;
	int r;

	stop_listening(source);
	r = db_open(source->conninfo, source->role, source->timeout_ms,
	    &source->ear, why);
	if (r == 0)
		r = db_run(source->ear, &listen_stmt, NULL, NULL, why);
	if (r < 0)
		stop_listening(source);
	return r;
}

/* 0: look for news. 1: we shall stop. -errno: nothing is heard any more. */
static int
wait_for_news(struct directory_db *source, int stop_fd, struct why *why)
{
	struct pollfd fds[] = {
		{ .fd = stop_fd, .events = POLLIN },
		{ .fd = db_socket(source->ear), .events = POLLIN },
	};
	int n = poll(fds, 2, SILENCE_MAX_MS);

	if (n < 0)
		return errno == EINTR ? 0 : why_fail(why, errno, "poll");
	if (n == 0)
		return db_run(source->ear, &ping_stmt, NULL, NULL, why);
	return fds[0].revents != 0;
}

static int
next_change(void *self, int stop_fd, struct slice *key_out, struct why *why)
{
	struct directory_db *source = self;

	for (;;) {
		int r = db_next_notice(source->ear, key_out, why);

		if (r != 0)
			return r;
		r = wait_for_news(source, stop_fd, why);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

/* --- the source ------------------------------------------------------- */

static void
close_source(void *self)
{
	struct directory_db *source = self;

	stop_listening(source);
	db_pool_free(source->pool);
	free(source->conninfo);
	free(source->role);
	free(source);
}

struct directory_source
directory_db_open(const struct directory_settings *settings,
    const struct config_common *common, const char *role)
{
	struct directory_db *source = calloc(1, sizeof *source);

	if (source == NULL)
		abort();
	source->conninfo = strdup(common->database);
	source->role = strdup(role);
	if (source->conninfo == NULL || source->role == NULL)
		abort();
	source->timeout_ms = common->database_timeout_ms;
	source->pool = db_pool_new(common->database, role,
	    (int)settings->connections, source->timeout_ms);
	return (struct directory_source){ source, ask, start_listening,
		next_change, close_source };
}
