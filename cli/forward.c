/*
 * hauspost forward … - forwards that were given up, because their target is
 * gone.
 */
#include "cli/command.h"
#include "cli/table.h"

static const struct db_stmt list_paused = { "list_paused",
	"SELECT package, address, to_char(since, 'YYYY-MM-DD HH24:MI'),"
	" coalesce(reply, '') FROM hauspost.forward_pause"
	" WHERE $1 IN ('', package) ORDER BY package, address",
	1 };
static const struct db_stmt resume = { "resume_forward",
	"DELETE FROM hauspost.forward_pause"
	" WHERE package = $1 AND address = lower($2) RETURNING 1",
	2 };

enum { COLUMNS = 4 };

static const char *const titles[COLUMNS] = { "package", "address", "since",
	"reply" };

static void
print_table(struct cli *cli, const struct db_result *rows)
{
	struct table table = table_start(&cli->arena, COLUMNS);
	struct slice cells[COLUMNS];

	table.headed = true;
	for (int row = -1; row < db_rows(rows); row++) {
		for (int i = 0; i < COLUMNS; i++)
			cells[i] = row < 0 ? slice_of(titles[i])
					   : db_text(rows, row, i);
		table_add(&table, cells);
	}
	table_print(&table, stdout);
}

static void
print_json(const struct db_result *rows)
{
	json_t *list = json_array();

	for (int row = 0; row < db_rows(rows); row++) {
		json_t *one = json_object();

		for (int i = 0; i < COLUMNS; i++)
			(void)json_object_set_new(one, titles[i],
			    json_string(db_text(rows, row, i).p));
		(void)json_array_append_new(list, one);
	}
	say_json(list);
}

static int
show_paused(struct cli *cli, struct db *db, struct slice package)
{
	struct db_result *rows;
	struct why why = { 0 };
	int r = db_run(db, &list_paused, &package, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	if (cli->json)
		print_json(rows);
	else
		print_table(cli, rows);
	db_done(rows);
	return EX_OK;
}

static int
paused_run(struct cli *cli, const struct args *args)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = show_paused(
	    cli, db, slice_of(args->n > 0 ? args->operands[0] : ""));
	db_close(db);
	return code;
}

static int
resume_one(struct db *db, const struct slice *params)
{
	struct db_result *rows;
	struct why why = { 0 };
	int code = EX_OK, r = db_run(db, &resume, params, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	if (db_rows(rows) == 0)
		code = say_failure(EX_NOUSER,
		    "package %.*s has no forward to %.*s that is paused",
		    SLICE_FMT(params[0]), SLICE_FMT(params[1]));
	db_done(rows);
	return code;
}

static int
resume_run(struct cli *cli, const struct args *args)
{
	const struct slice params[] = { slice_of(args->operands[0]),
		slice_of(args->operands[1]) };
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = resume_one(db, params);
	db_close(db);
	return code;
}

const struct command forward_commands[] = {
	{ "forward paused", "[PACKAGE]", 0, 1,
	    "targets elsewhere that were given up",
	    "Nothing is sent on there since, as their server refused it again "
	    "and again.",
	    NULL, paused_run, NULL },
	{ "forward resume", "PACKAGE ADDRESS", 2, 2, "send on there again",
	    NULL, NULL, resume_run, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL },
};
