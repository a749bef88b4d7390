#include "cli/fetch.h"

#include <time.h>
#include <unistd.h>

static const struct db_stmt ask = { "fetch_ask",
	"SELECT hauspost.fetch_ask(id, $2) FROM hauspost.fetch_account"
	" WHERE id::text = $1",
	2 };
/* wanted is NULL again once the run has ended. */
static const struct db_stmt outcome = { "fetch_outcome",
	"SELECT s.wanted IS NULL AND (s.locked_until IS NULL"
	" OR s.idle_since IS NOT NULL), s.code,"
	" hauspost.fetch_text(a, s), s.detail, s.run_done, s.run_total"
	" FROM hauspost.fetch_account AS a"
	" JOIN hauspost.fetch_state AS s ON s.account = a.id"
	" WHERE a.id::text = $1",
	1 };

enum {
	LOOK_EVERY_MS = 200,
	/* A whole first run may take hours; who waits can go away. */
	BAR = 40,
};

static void
show_progress(long long done, long long total)
{
	char bar[BAR + 1];

	if (total == 0 || !isatty(STDERR_FILENO))
		return;
	for (int i = 0; i < BAR; i++)
		bar[i] = i * total < done * BAR ? '#' : '.';
	bar[BAR] = '\0';
	(void)fprintf(stderr, "\r[%s] %lld of %lld", bar, done, total);
}

static json_t *
text(const struct db_result *rows, int column)
{
	struct slice value = db_text(rows, 0, column);

	return db_is_null(rows, 0, column) ? NULL
					   : json_stringn(value.p, value.n);
}

static int
say_outcome(struct cli *cli, const struct db_result *rows)
{
	bool failed = !db_is_null(rows, 0, 1);

	if (isatty(STDERR_FILENO))
		(void)fputs("\r\x1b[K", stderr);
	if (cli->json) {
		say_json(json_pack("{s:o?, s:o?, s:o?}", "code", text(rows, 1),
		    "problem", text(rows, 2), "detail", text(rows, 3)));
		return failed ? EX_UNAVAILABLE : EX_OK;
	}
	if (failed)
		return say_failure(EX_UNAVAILABLE, "%.*s (%.*s: %.*s)",
		    SLICE_FMT(db_text(rows, 0, 2)),
		    SLICE_FMT(db_text(rows, 0, 1)),
		    SLICE_FMT(db_text(rows, 0, 3)));
	(void)puts("all is well");
	return EX_OK;
}

/* EX_OK and *over_out: it has ended, and that was said. */
static int
look(struct cli *cli, struct db *db, struct slice id, bool *over_out)
{
	struct db_result *rows;
	int code = fetch_ask(cli, db, &outcome, &id, &rows);

	if (code != EX_OK)
		return code;
	*over_out = db_rows(rows) == 0 || db_flag(rows, 0, 0);
	if (db_rows(rows) == 0)
		code = fetch_no_such(id.p);
	else if (*over_out)
		code = say_outcome(cli, rows);
	else
		show_progress(db_number(rows, 0, 4), db_number(rows, 0, 5));
	db_done(rows);
	return code;
}

int
fetch_wait(struct cli *cli, struct db *db, struct slice id, const char *what)
{
	static const struct timespec pause = { 0, LOOK_EVERY_MS * 1000000L };
	struct db_result *rows;
	bool over = false;
	int code = fetch_ask(
	    cli, db, &ask, (struct slice[]){ id, slice_of(what) }, &rows);

	if (code != EX_OK)
		return code;
	over = db_rows(rows) == 0;
	db_done(rows);
	if (over)
		return fetch_no_such(id.p);
	do {
		(void)nanosleep(&pause, NULL);
		code = look(cli, db, id, &over);
	} while (code == EX_OK && !over);
	return code;
}

int
fetch_wait_run(struct cli *cli, const struct args *args)
{
	struct slice id = slice_of(args->operands[0]);
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = fetch_wait(cli, db, id, args->subject);
	db_close(db);
	return code;
}
