/*
 * hauspost list members, add, change, drop, export - who is on a list.
 */
#include <string.h>

#include "cli/list.h"

static const struct db_stmt members_stmt = { "list_members",
	"SELECT a.address, a.display, m.mode, m.state, m.role, m.language,"
	" m.joined::timestamptz(0)"
	" FROM hauspost.list_member AS m"
	" JOIN hauspost.list_address AS a ON a.id = m.address"
	" WHERE m.list = (hauspost.list_named($1)).id"
	"  AND ($2 IS NULL OR m.mode = $2) AND ($3 IS NULL OR m.state = $3)"
	"  AND ($4 IS NULL OR m.role = $4)"
	" ORDER BY hauspost.domain_of(a.key), a.key",
	4 };
static const struct db_stmt enter_stmt = { "list_enter",
	"SELECT address, outcome"
	" FROM hauspost.list_enter($1, $2::jsonb, $3, $4, $5)",
	5 };
static const struct db_stmt change_stmt = { "list_change",
	"SELECT hauspost.list_change($1, $2, $3::jsonb)", 3 };
static const struct db_stmt drop_stmt = { "list_drop",
	"SELECT hauspost.list_remove($1, $2, $3::boolean)", 3 };

static const struct db_stmt begin_stmt = { "begin", "BEGIN", 0 };
static const struct db_stmt commit_stmt = { "commit", "COMMIT", 0 };

/* Ends within the time that a statement may take. */
enum { ENTER_AT_ONCE = 1000 };

static const char *const titles[] = { "address", "name", "mode", "state",
	"role", "language", "joined" };
enum { TITLES = sizeof titles / sizeof *titles };

/* --- members, export ---------------------------------------------------- */

enum { OPTION_MODE, OPTION_STATE, OPTION_ROLE };

const struct command_option list_members_options[] = {
	{ .name = "mode", .value = "MODE", .help = "normal, digest or nomail" },
	{ .name = "state",
	    .value = "STATE",
	    .help = "ok, probing, disabled_bounce or disabled_user" },
	{ .name = "role",
	    .value = "ROLE",
	    .help = "member, poster, moderator or owner" },
	{ .name = NULL },
};

static int
ask_members(
    struct cli *cli, const struct args *args, struct db_result **rows_out)
{
	const struct slice params[] = {
		list_name(cli, slice_of(args->operands[0])),
		slice_of(args->values[OPTION_MODE]),
		slice_of(args->values[OPTION_STATE]),
		slice_of(args->values[OPTION_ROLE]),
	};

	return list_ask(cli, &members_stmt, params, rows_out);
}

int
list_members_run(struct cli *cli, const struct args *args)
{
	struct db_result *rows;
	int code = ask_members(cli, args, &rows);

	return code != EX_OK ? code : list_print(cli, rows, titles, TITLES);
}

/* RFC 4180 2: quotes where a comma or a quote would mislead. */
static void
put_cell(struct slice text)
{
	bool plain = slice_find(text, ',') < 0 && slice_find(text, '"') < 0;

	if (!plain)
		(void)putchar('"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			(void)putchar('"');
		(void)putchar(text.p[i]);
	}
	if (!plain)
		(void)putchar('"');
}

static void
put_row(const struct db_result *rows, int row)
{
	for (int c = 0; c < TITLES; c++) {
		if (c > 0)
			(void)putchar(',');
		put_cell(row < 0 ? slice_of(titles[c]) : db_text(rows, row, c));
	}
	(void)putchar('\n');
}

int
list_export_run(struct cli *cli, const struct args *args)
{
	struct db_result *rows;
	int code = ask_members(cli, args, &rows);

	if (code != EX_OK)
		return code;
	if (cli->json)
		return list_print(cli, rows, titles, TITLES);
	for (int i = -1; i < db_rows(rows); i++)
		put_row(rows, i);
	db_done(rows);
	return EX_OK;
}

/* --- entering ----------------------------------------------------------- */

static void
say_outcome(const struct db_result *rows, int row)
{
	(void)fputs("hauspost: \"", stderr);
	say_text(stderr, db_text(rows, row, 0));
	(void)fputs("\" ", stderr);
	say_text(stderr, db_text(rows, row, 1));
	(void)fputc('\n', stderr);
}

static bool
is_outcome(const struct db_result *rows, int row, const char *outcome)
{
	return slice_eq(db_text(rows, row, 1), slice_of(outcome));
}

/* What became of those who were entered. */
struct tally {
	int joined, asked, already, refused;
};

/* Who joined is counted, who did not is named. */
static void
count_outcomes(const struct db_result *rows, struct tally *tally)
{
	for (int i = 0; i < db_rows(rows); i++) {
		if (is_outcome(rows, i, "joined")) {
			tally->joined++;
		} else if (is_outcome(rows, i, "asked")) {
			tally->asked++;
		} else if (is_outcome(rows, i, "already")) {
			tally->already++;
		} else {
			say_outcome(rows, i);
			tally->refused++;
		}
	}
}

static int
say_tally(struct cli *cli, const struct tally *t)
{
	if (cli->json)
		say_json(json_pack("{s:i, s:i, s:i, s:i}", "joined", t->joined,
		    "asked", t->asked, "already", t->already, "refused",
		    t->refused));
	else
		(void)printf("%d joined, %d asked, %d already there, "
			     "%d refused\n",
		    t->joined, t->asked, t->already, t->refused);
	return t->refused > 0 ? EX_DATAERR : EX_OK;
}

static struct slice
json_text(struct cli *cli, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	struct slice copy =
	    arena_slice(&cli->arena, slice_of(text != NULL ? text : "[]"));

	free(text);
	return copy;
}

/* Entries from the first one on, as many as one statement takes. */
static struct slice
part_of(struct cli *cli, const json_t *entries, size_t first)
{
	json_t *part = json_array();
	struct slice text;

	for (size_t i = first;
	     i < first + ENTER_AT_ONCE && i < json_array_size(entries); i++)
		(void)json_array_append(part, json_array_get(entries, i));
	text = json_text(cli, part);
	json_decref(part);
	return text;
}

static int
enter_part(struct cli *cli, struct db *db, const struct slice *params,
    struct tally *tally)
{
	struct db_result *rows;
	int code = list_ask_on(cli, db, &enter_stmt, params, &rows);

	if (code != EX_OK)
		return code;
	count_outcomes(rows, tally);
	db_done(rows);
	return EX_OK;
}

/* All of them or none: who was refused is told, and keeps nobody out. */
static int
enter_all(struct cli *cli, struct db *db, const struct list_entering *entering,
    struct tally *tally)
{
	size_t n = json_array_size(entering->entries);
	int code = list_do_on(cli, db, &begin_stmt, NULL);

	for (size_t i = 0; i < n && code == EX_OK; i += ENTER_AT_ONCE) {
		const struct slice params[] = {
			entering->list,
			part_of(cli, entering->entries, i),
			slice_of(entering->letters),
			slice_of(entering->actor),
			slice_of(entering->source),
		};

		code = enter_part(cli, db, params, tally);
	}
	return code == EX_OK ? list_do_on(cli, db, &commit_stmt, NULL) : code;
}

int
list_enter(struct cli *cli, const struct list_entering *entering)
{
	struct tally tally = { 0 };
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = enter_all(cli, db, entering, &tally);
	db_close(db);
	return code == EX_OK ? say_tally(cli, &tally) : code;
}

/* --- add ---------------------------------------------------------------- */

enum {
	ADD_MODE,
	ADD_ROLE,
	ADD_LANGUAGE,
	ADD_INVITE,
	ADD_QUIET,
	ADD_BY,
};

const struct command_option list_add_options[] = {
	{ "mode", "MODE", "normal, digest or nomail", "mode", VALUE_TEXT },
	{ "role", "ROLE", "member, poster, moderator or owner", "role",
	    VALUE_TEXT },
	{ "language", "de|en", "of letters to them", "language", VALUE_TEXT },
	{ .name = "invite", .help = "ask them: they join when they agree" },
	{ .name = "quiet", .help = "no letter of welcome" },
	{ .name = "by",
	    .value = "WHO",
	    .help = "who wants it, for the record" },
	{ .name = NULL },
};

/* {"mode": …} of the options that name a column. */
static json_t *
columns_of(const struct args *args)
{
	const struct command_option *o = args->options;
	json_t *row = json_object();

	for (size_t i = 0; o[i].name != NULL; i++) {
		if (o[i].column != NULL && args->values[i] != NULL)
			(void)json_object_set_new(row, o[i].column,
			    value_parse(VALUE_TEXT, args->values[i]));
	}
	return row;
}

int
list_add_run(struct cli *cli, const struct args *args)
{
	const char *const *given = args->values;
	json_t *entries = json_array(), *like = columns_of(args);
	const struct list_entering entering = {
		.list = list_name(cli, slice_of(args->operands[0])),
		.entries = entries,
		.letters = given[ADD_INVITE] != NULL  ? "invite"
			   : given[ADD_QUIET] != NULL ? "none"
						      : "welcome",
		.actor = given[ADD_BY],
		.source = "command",
	};
	int code;

	for (int i = 1; i < args->n; i++) {
		json_t *entry = json_copy(like);

		(void)json_object_set_new(
		    entry, "address", json_string(args->operands[i]));
		(void)json_array_append_new(entries, entry);
	}
	code = list_enter(cli, &entering);
	json_decref(like);
	json_decref(entries);
	return code;
}

/* --- change, drop ------------------------------------------------------- */

const struct command_option list_change_options[] = {
	{ "mode", "MODE", "normal, digest or nomail", "mode", VALUE_TEXT },
	{ "role", "ROLE", "member, poster, moderator or owner", "role",
	    VALUE_TEXT },
	{ "state", "STATE", "ok, disabled_bounce or disabled_user", "state",
	    VALUE_TEXT },
	{ "language", "de|en", "of letters; \"\": the list's", "language",
	    VALUE_TEXT },
	{ NULL, NULL, NULL, NULL, 0 },
};

int
list_change_run(struct cli *cli, const struct args *args)
{
	json_t *wanted = columns_of(args);
	const struct slice params[] = {
		list_name(cli, slice_of(args->operands[0])),
		slice_of(args->operands[1]),
		json_text(cli, wanted),
	};
	bool nothing = json_object_size(wanted) == 0;
	int code;

	json_decref(wanted);
	if (nothing)
		return say_failure(EX_USAGE, "say what to change");
	code = list_do(cli, &change_stmt, params);
	if (code == EX_OK && !cli->json)
		(void)printf("%s changed\n", args->operands[1]);
	return code;
}

enum { DROP_QUIET };

const struct command_option list_drop_options[] = {
	{ .name = "quiet", .help = "no letter of farewell" },
	{ .name = NULL },
};

int
list_drop_run(struct cli *cli, const struct args *args)
{
	struct slice params[] = {
		list_name(cli, slice_of(args->operands[0])),
		{ NULL, 0 },
		args->values[DROP_QUIET] != NULL ? SLICE("false")
						 : SLICE("true"),
	};
	int code = EX_OK;

	for (int i = 1; i < args->n && code == EX_OK; i++) {
		params[1] = slice_of(args->operands[i]);
		code = list_do(cli, &drop_stmt, params);
		if (code == EX_OK && !cli->json)
			(void)printf("%s dropped\n", args->operands[i]);
	}
	return code;
}
