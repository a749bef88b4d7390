/*
 * hauspost fetch … - accounts at other providers, whose mail comes here.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/fetch.h"
#include "cli/object.h"
#include "cli/table.h"

static const struct db_stmt defaults = { "fetch_defaults",
	"SELECT hauspost.fetch_defaults($1, $2::jsonb)", 2 };
static const struct db_stmt insert = { "fetch_insert",
	"SELECT hauspost.insert_row('fetch_account', $1::jsonb)", 1 };
static const struct db_stmt set_state = { "fetch_set_state",
	"UPDATE hauspost.fetch_account SET state = $2"
	" WHERE id::text = $1 RETURNING 1",
	2 };
/* What is listed there has its row, so both sides stand in one table. */
static const struct db_stmt comparison = { "fetch_comparison",
	"SELECT i.folder, count(*),"
	" count(*) FILTER (WHERE i.state IN ('delivered', 'gone')),"
	" count(*) FILTER (WHERE i.state = 'skipped'),"
	" count(*) FILTER (WHERE i.state NOT IN"
	"  ('delivered', 'gone', 'skipped'))"
	" FROM hauspost.fetch_item AS i WHERE i.account::text = $1"
	" GROUP BY i.folder ORDER BY i.folder",
	1 };

/* --- rows ------------------------------------------------------------- */

static const struct db_stmt account_select = { "fetch_select",
	"SELECT to_jsonb(a) - 'secret' || to_jsonb(s) - 'account'"
	" || jsonb_build_object('state', CASE WHEN a.state = 'paused'"
	"   THEN a.state ELSE s.state END,"
	"  'has_secret', a.secret IS NOT NULL,"
	"  'running', coalesce(s.locked_until > now()"
	"   AND s.idle_since IS NULL, false),"
	"  'problem', hauspost.fetch_text(a, s),"
	"  'hint', hauspost.fetch_text(a, s.hint),"
	"  'waiting', (SELECT count(*) FROM hauspost.fetch_item AS i"
	"   WHERE i.account = a.id AND i.state = 'seen'),"
	"  'given_up', ARRAY(SELECT i.folder || ' ' || i.uid || ': '"
	"   || coalesce(i.error, '') FROM hauspost.fetch_item AS i"
	"   WHERE i.account = a.id AND i.state = 'failed'"
	"   ORDER BY i.id DESC LIMIT 20),"
	"  'too_large', (SELECT count(*) FROM hauspost.fetch_item AS i"
	"   WHERE i.account = a.id AND i.state = 'skipped'))"
	" FROM hauspost.fetch_account AS a"
	" JOIN hauspost.fetch_state AS s ON s.account = a.id"
	" WHERE ($1 IS NULL OR a.mailbox = $1)"
	"  AND ($2 IS NULL OR a.id::text = $2)"
	" ORDER BY a.id",
	2 };
static const struct db_stmt account_update = { "fetch_update",
	"UPDATE hauspost.fetch_account AS a SET (protocol, host, port, tls,"
	" login, auth, pins, leave_days, move_to, mark_read, idle, minutes,"
	" max_size, max_day, dedup, folders, folder, language, trace)"
	" = (SELECT n.protocol, n.host, n.port, n.tls, n.login, n.auth,"
	"  n.pins, n.leave_days, n.move_to, n.mark_read, n.idle, n.minutes,"
	"  n.max_size, n.max_day, n.dedup, n.folders, n.folder, n.language,"
	"  n.trace"
	"  FROM jsonb_populate_record(a, $2::jsonb) AS n)"
	" WHERE a.id::text = $1 RETURNING 1",
	2 };
static const struct db_stmt account_remove = { "fetch_remove",
	"DELETE FROM hauspost.fetch_account WHERE id::text = $1 RETURNING 1",
	1 };

static const struct command_option account_options[] = {
	{ "host", "NAME", "the remote server (default: of the provider)",
	    "host", VALUE_TEXT },
	{ "port", "NUMBER", "its port", "port", VALUE_NUMBER },
	{ "tls", "MODE", "implicit, starttls or none", "tls", VALUE_TEXT },
	{ "protocol", "NAME", "imap or pop3", "protocol", VALUE_TEXT },
	{ "login", "NAME", "to log in with (default: the address)", "login",
	    VALUE_TEXT },
	{ "auth", "HOW", "auto, oauth, or one mechanism", "auth", VALUE_TEXT },
	{ "pins", "HASHES",
	    "sha256//…=: the server's keys, instead of its "
	    "certificate",
	    "pins", VALUE_TEXT },
	{ "leave", "DAYS", "then delete there; 0: at once, none: never",
	    "leave_days", VALUE_LIMIT },
	{ "move-to", "FOLDER", "IMAP: move there, instead of deleting",
	    "move_to", VALUE_TEXT },
	{ "mark-read", "yes|no", "IMAP: mark as read there", "mark_read",
	    VALUE_FLAG },
	{ "idle", "yes|no", "IMAP: stay connected, for new mail at once",
	    "idle", VALUE_FLAG },
	{ "minutes", "NUMBER", "between two looks, 5 to 1440", "minutes",
	    VALUE_NUMBER },
	{ "max-size", "SIZE", "larger messages stay there", "max_size",
	    VALUE_SIZE },
	{ "max-day", "SIZE", "of all messages of a day", "max_day",
	    VALUE_SIZE },
	{ "dedup", "yes|no", "not what another account has brought", "dedup",
	    VALUE_FLAG },
	{ "folders", "{NAME,…}",
	    "IMAP: which (default: {INBOX}); also with *,\n"
	    "and as NAME=LOCAL or NAME=-",
	    "folders", VALUE_TEXT },
	{ "folder", "NAME", "local one; then no filter runs", "folder",
	    VALUE_TEXT },
	{ "language", "de|en", "of what the owner is told", "language",
	    VALUE_TEXT },
	{ "trace", "yes|no", "log what is said there", "trace", VALUE_FLAG },
	{ NULL, NULL, NULL, NULL, 0 },
};

static const struct object_column account_columns[] = {
	{ "id", true },
	{ "mailbox", true },
	{ "address", true },
	{ "protocol", true },
	{ "host", true },
	{ "port", false },
	{ "tls", false },
	{ "login", false },
	{ "auth", false },
	{ "has_secret", false },
	{ "pins", false },
	{ "leave_days", false },
	{ "move_to", false },
	{ "mark_read", false },
	{ "idle", false },
	{ "minutes", false },
	{ "max_size", false },
	{ "max_day", false },
	{ "dedup", false },
	{ "folders", false },
	{ "folder", false },
	{ "language", false },
	{ "trace", false },
	{ "state", true },
	{ "running", false },
	{ "idle_since", false },
	{ "run_done", false },
	{ "run_total", false },
	{ "fetched", true },
	{ "waiting", false },
	{ "too_large", false },
	{ "given_up", false },
	{ "last_ok", true },
	{ "next_run", false },
	{ "fail_since", false },
	{ "problem", true },
	{ "hint", false },
	{ "detail", false },
	{ NULL, false },
};

static const struct object account = {
	.noun = "account",
	.columns = account_columns,
	.select = &account_select,
	.update = &account_update,
	.remove = &account_remove,
};

/* --- adding one ------------------------------------------------------- */

static int
read_options(const struct args *args, json_t *row)
{
	for (size_t i = 0; account_options[i].name != NULL; i++) {
		const struct command_option *o = &account_options[i];
		json_t *value;

		if (args->values[i] == NULL)
			continue;
		value = value_parse(o->type, args->values[i]);
		if (value == NULL)
			return say_failure(EX_USAGE,
			    "--%s wants %s, not \"%s\"", o->name,
			    value_wanted(o->type), args->values[i]);
		(void)json_object_set_new(row, o->column, value);
	}
	return EX_OK;
}

/* The row with what its provider, and the database, know besides. */
static int
complete(struct cli *cli, struct db *db, const struct args *args, bool import,
    struct slice *row_out)
{
	json_t *row = json_object();
	int code = read_options(args, row);
	char *text;
	struct db_result *rows;

	(void)json_object_set_new(
	    row, "mailbox", json_string(args->operands[0]));
	(void)json_object_set_new(row, "import", json_boolean(import));
	text = json_dumps(row, JSON_COMPACT);
	json_decref(row);
	if (code == EX_OK)
		code = fetch_ask(cli, db, &defaults,
		    (struct slice[]){
			slice_of(args->operands[1]), slice_of(text) },
		    &rows);
	free(text);
	if (code != EX_OK)
		return code;
	*row_out = arena_slice(&cli->arena, db_text(rows, 0, 0));
	db_done(rows);
	return EX_OK;
}

static struct slice
id_of(struct cli *cli, struct slice row)
{
	json_t *json = json_loadb(row.p, row.n, 0, NULL);
	long long id = json_integer_value(json_object_get(json, "id"));

	json_decref(json);
	return db_number_param(&cli->arena, id);
}

/* OAuth's grant comes later, from the provider. */
static bool
wants_grant(struct slice row)
{
	json_t *json = json_loadb(row.p, row.n, 0, NULL);
	const char *auth = json_string_value(json_object_get(json, "auth"));
	bool grant = auth != NULL && strcmp(auth, "oauth") == 0;

	json_decref(json);
	return grant;
}

static void
say_added(struct cli *cli, struct slice id, bool grant)
{
	if (cli->json) {
		say_json(json_pack(
		    "{s:I}", "id", (json_int_t)strtoll(id.p, NULL, 10)));
		return;
	}
	(void)printf("account %s added\n", id.p);
	if (grant)
		(void)printf("now: hauspost fetch grant %s\n", id.p);
}

/* Row and secret together: there is no account without, but for OAuth. */
static int
add_account(struct cli *cli, struct db *db, const struct args *args,
    bool import, struct slice *id_out)
{
	struct slice row, id;
	int code = complete(cli, db, args, import, &row);
	bool grant;

	if (code != EX_OK)
		return code;
	grant = wants_grant(row);
	id = id_of(cli, row);
	code = fetch_do(cli, db, &insert, &row);
	if (code == EX_OK && !grant) {
		code = fetch_read_secret(cli, db, id);
		if (code != EX_OK)
			(void)fetch_do(cli, db, account.remove, &id);
	}
	if (code == EX_OK && !import)
		say_added(cli, id, grant);
	*id_out = id;
	return code;
}

static int
add_run(struct cli *cli, const struct args *args)
{
	struct slice id;
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = add_account(cli, db, args, false, &id);
	db_close(db);
	return code;
}

/* --- a move ----------------------------------------------------------- */

static int
print_comparison(struct cli *cli, struct db *db, struct slice id)
{
	static const char *const titles[] = { "folder", "there", "here",
		"too large", "given up" };
	struct table table = table_start(&cli->arena, 5);
	struct db_result *rows;
	struct slice cells[5];
	int code = fetch_ask(cli, db, &comparison, &id, &rows);

	if (code != EX_OK)
		return code;
	table.headed = true;
	for (int c = 0; c < 5; c++)
		cells[c] = slice_of(titles[c]);
	table_add(&table, cells);
	for (int i = 0; i < db_rows(rows); i++) {
		for (int c = 0; c < 5; c++)
			cells[c] = db_text(rows, i, c);
		table_add(&table, cells);
	}
	table_print(&table, stdout);
	db_done(rows);
	return EX_OK;
}

static int
import_run(struct cli *cli, const struct args *args)
{
	struct slice id;
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = add_account(cli, db, args, true, &id);
	if (code == EX_OK) {
		(void)printf("account %s\n", id.p);
		code = fetch_wait(cli, db, id, "run");
	}
	if (code == EX_OK)
		code = print_comparison(cli, db, id);
	db_close(db);
	return code;
}

/* --- pause, resume ---------------------------------------------------- */

static int
state_run(struct cli *cli, const struct args *args)
{
	const char *id = args->operands[0], *state = args->subject;
	struct db_result *rows;
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = fetch_ask(cli, db, &set_state,
	    (struct slice[]){ slice_of(id), slice_of(state) }, &rows);
	if (code == EX_OK) {
		if (db_rows(rows) == 0)
			code = fetch_no_such(id);
		else if (!cli->json)
			(void)printf("account %s is %s\n", id, state);
		db_done(rows);
	}
	db_close(db);
	return code;
}

/* --- commands --------------------------------------------------------- */

#define OF_ONE .operands = "ACCOUNT", .least = 1, .most = 1

const struct command fetch_commands[] = {
	{ .words = "fetch add",
	    .operands = "MAILBOX ADDRESS",
	    .least = 2,
	    .most = 2,
	    .purpose = "fetch mail of an account elsewhere",
	    .details =
		"Mail that arrives at ADDRESS, at another provider, comes into "
		"MAILBOX. The password\nis asked for, or read from stdin. "
		"Messages stay there too, unless --leave says more.",
	    .options = account_options,
	    .run = add_run },
	{ .words = "fetch import",
	    .operands = "MAILBOX ADDRESS",
	    .least = 2,
	    .most = 2,
	    .purpose = "copy a whole IMAP account, once",
	    .details =
		"All folders, with flags and dates, and at the end a table "
		"that compares both sides.\nWhat was interrupted goes on with "
		"\"hauspost fetch run\", which also brings what has\ncome "
		"there since. No filter runs.",
	    .options = account_options,
	    .run = import_run },
	{ .words = "fetch list",
	    .operands = "[MAILBOX]",
	    .most = 1,
	    .purpose = "list all, or those of one mailbox",
	    .run = object_list,
	    .subject = &account },
	{ .words = "fetch status",
	    OF_ONE,
	    .purpose = "show all that is known of one",
	    .run = object_show,
	    .subject = &account },
	{ .words = "fetch set",
	    OF_ONE,
	    .purpose = "change one",
	    .details = "Another host, port, tls or login needs the secret "
		       "again: hauspost fetch secret.",
	    .options = account_options,
	    .run = object_set,
	    .subject = &account },
	{ .words = "fetch secret",
	    OF_ONE,
	    .purpose = "give one another password",
	    .run = fetch_secret_run },
	{ .words = "fetch grant",
	    OF_ONE,
	    .purpose = "agree with its provider, for OAuth",
	    .details = "Shows a page and a code to enter there, or a page "
		       "that leads to an address with\na code in it, which "
		       "is pasted here.",
	    .run = fetch_grant_run },
	{ .words = "fetch test",
	    OF_ONE,
	    .purpose = "log in there, and say what is wrong",
	    .run = fetch_wait_run,
	    .subject = "test" },
	{ .words = "fetch run",
	    OF_ONE,
	    .purpose = "fetch now, and wait for the end",
	    .run = fetch_wait_run,
	    .subject = "run" },
	{ .words = "fetch pause",
	    OF_ONE,
	    .purpose = "fetch no more for now",
	    .run = state_run,
	    .subject = "paused" },
	{ .words = "fetch resume",
	    OF_ONE,
	    .purpose = "fetch again",
	    .run = state_run,
	    .subject = "active" },
	{ .words = "fetch remove",
	    OF_ONE,
	    .purpose = "remove one; its mail stays, here and there",
	    .run = object_remove,
	    .subject = &account },
	{ .words = NULL },
};
