/*
 * hauspost srs … - the keys of rewritten senders.
 */
#include "cli/command.h"
#include "cli/table.h"

static const struct db_stmt list_keys = { "list_srs_keys",
	"SELECT to_char(made, 'YYYY-MM-DD HH24:MI'),"
	" coalesce('until ' || to_char(believed_until, 'YYYY-MM-DD HH24:MI'),"
	" 'signs') FROM hauspost.srs_key_list()",
	0 };
static const struct db_stmt rotate = { "rotate_srs_key",
	"SELECT hauspost.rotate_srs_key()", 0 };

static void
print_keys(struct cli *cli, const struct db_result *rows)
{
	struct table table = table_start(&cli->arena, 2);

	table.headed = true;
	table_add(&table, (struct slice[]){ SLICE("made"), SLICE("believed") });
	for (int i = 0; i < db_rows(rows); i++)
		table_add(&table, (struct slice[]){ db_text(rows, i, 0),
				      db_text(rows, i, 1) });
	table_print(&table, stdout);
}

static void
print_json(const struct db_result *rows)
{
	json_t *list = json_array();

	for (int i = 0; i < db_rows(rows); i++)
		(void)json_array_append_new(
		    list, json_pack("{s:s,s:s}", "made", db_text(rows, i, 0).p,
			      "believed", db_text(rows, i, 1).p));
	say_json(list);
}

static int
show(struct cli *cli, struct db *db)
{
	struct db_result *rows;
	struct why why = { 0 };
	int r = db_run(db, &list_keys, NULL, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	if (cli->json)
		print_json(rows);
	else
		print_keys(cli, rows);
	db_done(rows);
	return EX_OK;
}

static int
show_run(struct cli *cli, const struct args *args)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	(void)args;
	if (code != EX_OK)
		return code;
	code = show(cli, db);
	db_close(db);
	return code;
}

static int
rotate_run(struct cli *cli, const struct args *args)
{
	struct why why = { 0 };
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db), r;

	(void)args;
	if (code != EX_OK)
		return code;
	r = db_run(db, &rotate, NULL, NULL, &why);
	code = r < 0 ? say_refusal(db, r, NULL, &why) : show(cli, db);
	db_close(db);
	return code;
}

const struct command srs_commands[] = {
	{ "srs show", NULL, 0, 0, "the keys of rewritten senders",
	    "When each was made and until when bounces to senders that it "
	    "signed are believed,\nbut not the keys.",
	    NULL, show_run, NULL },
	{ "srs rotate", NULL, 0, 0, "sign senders with a new key from now on",
	    "Programs hear of it at once. Older keys are believed for 30 days, "
	    "eight at most.",
	    NULL, rotate_run, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL },
};
