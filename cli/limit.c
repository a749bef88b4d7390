/*
 * hauspost limit - how much may be sent.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/table.h"

enum { OPTION_EACH, OPTION_MAILBOX, OPTION_CLASS, OPTION_COUNTS, OPTION_OVER };

static const struct command_option limit_options[] = {
	{ .name = "each", .help = "each mailbox of it, not all together" },
	{ .name = "mailbox",
	    .help = "NAME is the admin's mailbox, not the package" },
	{ .name = "class",
	    .value = "CLASS",
	    .help = "regular (default) or bulk" },
	{ .name = "counts",
	    .value = "WHAT",
	    .help = "recipients (default), messages or new" },
	{ .name = "over", .value = "WHAT", .help = "refuse (default) or hold" },
	{ .name = NULL },
};

static const struct db_stmt list_limits = { "limit_list",
	"SELECT to_jsonb(l) FROM hauspost.send_limit AS l"
	" WHERE $1 IS NULL OR l.mailbox = $1 OR l.package = $1"
	" ORDER BY l.package NULLS FIRST, l.mailbox NULLS FIRST,"
	"  l.class DESC, l.counts, l.period",
	1 };
static const struct db_stmt show_limits = { "limit_show",
	"SELECT to_jsonb(s) FROM hauspost.spending($1) AS s", 1 };
static const struct db_stmt set_limit = { "limit_set",
	"INSERT INTO hauspost.send_limit"
	" (package, mailbox, each, class, counts, period, most, over)"
	" VALUES ($1, $2, $3::boolean, $4, $5, $6::interval, $7::integer, $8)"
	" ON CONFLICT ON CONSTRAINT \"one limit of a kind and period for the"
	" same\" DO UPDATE SET most = excluded.most, over = excluded.over",
	8 };
static const struct db_stmt remove_limit = { "limit_remove",
	"DELETE FROM hauspost.send_limit"
	" WHERE (package = $1 OR $1 IS NULL AND (package IS NULL"
	"   OR mailbox IS NOT NULL))"
	"  AND mailbox IS NOT DISTINCT FROM $2 AND each = $3::boolean"
	"  AND class = $4 AND counts = $5 AND period = $6::interval"
	" RETURNING 1",
	6 };

/* --- printing --------------------------------------------------------- */

/* JSON objects, one a row, and which of their values make a line. */
struct listing {
	const struct db_result *rows;
	const char *const *columns;
	size_t n_columns;
};

static struct slice
cell(struct cli *cli, const json_t *row, const char *column)
{
	const json_t *value = json_object_get(row, column);

	if (json_is_string(value))
		return slice_of(
		    arena_strdup(&cli->arena, json_string_value(value)));
	if (json_is_integer(value))
		return slice_of(arena_printf(&cli->arena,
		    "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
	if (json_is_true(value))
		return SLICE("yes");
	return json_is_false(value) ? SLICE("no") : SLICE("");
}

static void
add_row(struct cli *cli, struct table *table, const struct listing *listing,
    const json_t *row)
{
	struct slice *cells =
	    arena_calloc(&cli->arena, listing->n_columns, sizeof *cells);

	for (size_t i = 0; i < listing->n_columns; i++)
		cells[i] = row != NULL ? cell(cli, row, listing->columns[i])
				       : slice_of(listing->columns[i]);
	table_add(table, cells);
}

static void
print(struct cli *cli, const struct listing *listing)
{
	struct table table = table_start(&cli->arena, listing->n_columns);
	json_t *all = json_array();

	table.headed = true;
	add_row(cli, &table, listing, NULL);
	for (int i = 0; i < db_rows(listing->rows); i++) {
		struct slice text = db_text(listing->rows, i, 0);
		json_t *row = json_loadb(text.p, text.n, 0, NULL);

		add_row(cli, &table, listing, row);
		(void)json_array_append_new(all, row);
	}
	if (!cli->json)
		table_print(&table, stdout);
	else
		say_json(json_incref(all));
	json_decref(all);
}

static const char *const limit_columns[] = { "package", "mailbox", "each",
	"class", "counts", "period", "most", "over" };
static const char *const spending_columns[] = { "class", "counts", "subject",
	"period", "most", "used", "over" };

static int
show(struct cli *cli, struct db *db, const struct args *args)
{
	bool all = args->subject == &list_limits;
	struct slice name = args->n > 0 ? slice_of(args->operands[0]) : DB_NULL;
	struct listing listing = { NULL, all ? limit_columns : spending_columns,
		all ? sizeof limit_columns / sizeof *limit_columns
		    : sizeof spending_columns / sizeof *spending_columns };
	struct db_result *rows;
	struct why why = { 0 };
	int r = db_run(db, args->subject, &name, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	listing.rows = rows;
	print(cli, &listing);
	db_done(rows);
	return EX_OK;
}

/* --- changing --------------------------------------------------------- */

static struct slice
option(const struct args *args, int which, const char *fallback)
{
	const char *value = args->values[which];

	return slice_of(value != NULL ? value : fallback);
}

/* "all" is every package, xyz00 one of them, xyz00-fred a mailbox. */
static void
name_subject(
    const struct args *args, struct slice *package, struct slice *mailbox)
{
	struct slice name = slice_of(args->operands[0]);
	bool is_mailbox =
	    args->values[OPTION_MAILBOX] != NULL || slice_find(name, '-') >= 0;

	*package = *mailbox = DB_NULL;
	if (!slice_eq(name, SLICE("all")))
		*(is_mailbox ? mailbox : package) = name;
}

/* Set takes all of them, remove the first six. */
static int
run_change(struct db *db, const struct args *args, struct db_result **rows)
{
	struct slice params[8];
	struct why why = { 0 };
	int r;

	name_subject(args, &params[0], &params[1]);
	params[2] =
	    args->values[OPTION_EACH] != NULL ? SLICE("true") : SLICE("false");
	params[3] = option(args, OPTION_CLASS, "regular");
	params[4] = option(args, OPTION_COUNTS, "recipients");
	params[5] = slice_of(args->operands[1]);
	params[6] = slice_of(args->n > 2 ? args->operands[2] : "");
	params[7] = option(args, OPTION_OVER, "refuse");
	r = db_run(db, args->subject, params, rows, &why);
	return r < 0 ? say_refusal(db, r, NULL, &why) : EX_OK;
}

static int
change(struct cli *cli, struct db *db, const struct args *args)
{
	struct db_result *rows;
	int code = run_change(db, args, &rows);

	(void)cli;
	if (code != EX_OK)
		return code;
	if (args->subject == &remove_limit && db_rows(rows) == 0)
		code = say_failure(EX_NOUSER, "there is no such limit");
	db_done(rows);
	return code;
}

static int
limit_run(struct cli *cli, const struct args *args)
{
	bool changes =
	    args->subject == &set_limit || args->subject == &remove_limit;
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = changes ? change(cli, db, args) : show(cli, db, args);
	db_close(db);
	return code;
}

static const char details[] =
    "NAME is a mailbox, a package (its mailboxes together, or --each), or "
    "\"all\". PERIOD is\n\"1 hour\", \"1 day\", …; what is older does not "
    "count. 0 is none at all.";

const struct command limit_commands[] = {
	{ .words = "limit list",
	    .operands = "[NAME]",
	    .most = 1,
	    .purpose = "limits for what is sent",
	    .run = limit_run,
	    .subject = &list_limits },
	{ .words = "limit show",
	    .operands = "MAILBOX",
	    .least = 1,
	    .most = 1,
	    .purpose = "those that hold for a mailbox, and what is used",
	    .run = limit_run,
	    .subject = &show_limits },
	{ .words = "limit set",
	    .operands = "NAME PERIOD NUMBER",
	    .least = 3,
	    .most = 3,
	    .purpose = "so much within a period",
	    .details = details,
	    .options = limit_options,
	    .run = limit_run,
	    .subject = &set_limit },
	{ .words = "limit remove",
	    .operands = "NAME PERIOD",
	    .least = 2,
	    .most = 2,
	    .purpose = "remove a limit",
	    .details = details,
	    .options = limit_options,
	    .run = limit_run,
	    .subject = &remove_limit },
	{ .words = NULL },
};
