#include "cli/trial.h"

#include <errno.h>

#include "cli/script.h"
#include "core/clock.h"

enum {
	TRIAL_LOCK_MS = 2000,  /* a row that another admin is changing */
	TRIAL_STATEMENTS = 6,  /* all together: as long as so many may take */
	TRIAL_GRACE_MS = 2000, /* then we hang up instead of the server */
};

static const struct db_stmt begin = { "trial_begin",
	"BEGIN ISOLATION LEVEL REPEATABLE READ", 0 };
static const struct db_stmt start = { "trial_start",
	"SELECT hauspost.try_start($1::integer, $2::integer)::text", 2 };
static const struct db_stmt still = { "trial_still",
	"SELECT pg_catalog.pg_current_xact_id()::text,"
	" pg_catalog.set_config('statement_timeout', $1, true),"
	" pg_catalog.set_config('lock_timeout', $2, true)",
	2 };
static const struct db_stmt check = { "trial_check",
	"SELECT hauspost.try_check()", 0 };
static const struct db_stmt rollback = { "trial_rollback", "ROLLBACK", 0 };

struct trial {
	struct cli *cli;
	struct db *db;
	const char *path;
	struct slice transaction; /* its id, which is never given twice */
	long deadline_ms;
};

int
trial_begin(struct db *db)
{
	struct why why = { 0 };
	int r = db_run(db, &begin, NULL, NULL, &why);

	return r == 0 ? EX_OK : say_refusal(db, r, NULL, &why);
}

/* The first column of what start and still say: the transaction's id. */
static int
ask_id(struct trial *trial, const struct db_stmt *stmt, struct slice *id_out)
{
	struct slice limits[] = {
		db_number_param(
		    &trial->cli->arena, trial->cli->config.trial_ms),
		db_number_param(&trial->cli->arena, TRIAL_LOCK_MS),
	};
	struct db_result *result;
	struct why why = { 0 };
	int r = db_run(trial->db, stmt, limits, &result, &why);

	if (r < 0)
		return say_refusal(trial->db, r, trial->path, &why);
	*id_out = arena_slice(&trial->cli->arena, db_text(result, 0, 0));
	db_done(result);
	return EX_OK;
}

static int
refuse(const struct trial *trial, const struct statement *statement,
    const char *reason)
{
	return say_failure(EX_DATAERR, "%s, line %d: %s", trial->path,
	    statement->line, reason);
}

/* The server's word for what it ran: "COMMIT", "ROLLBACK" … */
static bool
ended_transaction(const char *tag)
{
	struct statement ran = { .text = slice_of(tag), .verb = slice_of(tag) };

	return statement_ends_transaction(&ran);
}

static int
run_statement(struct trial *trial, const struct statement *statement)
{
	struct arena *arena = &trial->cli->arena;
	const char *about =
	    arena_printf(arena, "%s, line %d", trial->path, statement->line);
	struct db_result *result;
	struct why why = { 0 };
	bool ended;
	int r = db_run_one(trial->db, arena_slice(arena, statement->text).p,
	    trial->cli->config.trial_ms + TRIAL_GRACE_MS, &result, &why);

	if (r < 0)
		return say_refusal(trial->db, r, about, &why);
	ended = ended_transaction(db_tag(result));
	db_done(result);
	say_warnings(trial->cli, trial->db);
	return ended ? refuse(trial, statement, "it ended the transaction")
		     : EX_OK;
}

static int
try_statement(struct trial *trial, const struct statement *statement)
{
	struct slice id;
	int code;

	if (statement_ends_transaction(statement))
		return refuse(trial, statement,
		    "a change that is only tried has no BEGIN, COMMIT or "
		    "ROLLBACK; take it out");
	if (clock_ms() > trial->deadline_ms)
		return refuse(trial, statement, "the change takes too long");
	code = run_statement(trial, statement);
	if (code == EX_OK)
		code = ask_id(trial, &still, &id);
	if (code == EX_OK && !slice_eq(id, trial->transaction))
		return refuse(trial, statement, "it left the transaction");
	return code;
}

static int
try_script(struct trial *trial, struct slice text)
{
	struct script script = script_start(text);
	struct statement statement;
	struct why why = { 0 };
	int r, code = EX_OK;

	while (code == EX_OK &&
	       (r = script_next(&script, &statement, &why)) != 0) {
		if (r < 0)
			return say_failure(
			    EX_DATAERR, "%s, %s", trial->path, why.detail);
		code = try_statement(trial, &statement);
	}
	return code;
}

static int
check_constraints(struct trial *trial)
{
	struct why why = { 0 };
	int r = db_run(trial->db, &check, NULL, NULL, &why);

	say_warnings(trial->cli, trial->db);
	return r == 0 ? EX_OK : say_refusal(trial->db, r, trial->path, &why);
}

int
trial_run(struct cli *cli, struct db *db, const char *path)
{
	struct trial trial = { .cli = cli,
		.db = db,
		.path = path,
		.deadline_ms =
		    clock_ms() + TRIAL_STATEMENTS * cli->config.trial_ms };
	struct slice text;
	int code = cli_read_file(cli, path, &text);

	if (code == EX_OK)
		code = ask_id(&trial, &start, &trial.transaction);
	if (code == EX_OK)
		code = try_script(&trial, text);
	if (code == EX_OK)
		code = check_constraints(&trial);
	return code;
}

int
trial_end(struct db *db)
{
	struct why why = { 0 };
	int r = db_run(db, &rollback, NULL, NULL, &why);

	return r == 0 ? EX_OK : say_refusal(db, r, NULL, &why);
}
