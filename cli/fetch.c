/*
 * hauspost fetch … - accounts at other providers, whose mail comes here.
 *
 * The secret is sealed here with the fetcher's public key, bound to account,
 * host, port, tls and login as fetcher/run.c expects them; nothing but the
 * fetcher can open it again. test and run ask the fetcher by a row and wait
 * for what it reports.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/object.h"
#include "cli/password.h"
#include "core/sealed.h"

static const struct db_stmt begin = { "fetch_begin", "BEGIN", 0 };
static const struct db_stmt commit = { "fetch_commit", "COMMIT", 0 };
static const struct db_stmt defaults = { "fetch_defaults",
	"SELECT hauspost.fetch_defaults($1, $2::jsonb)", 2 };
static const struct db_stmt insert = { "fetch_insert",
	"SELECT hauspost.insert_row('fetch_account', $1::jsonb)", 1 };
static const struct db_stmt bound_to = { "fetch_bound_to",
	"SELECT id::text, host, port::text, tls, login, address"
	" FROM hauspost.fetch_account WHERE id::text = $1 FOR UPDATE",
	1 };
static const struct db_stmt set_secret = { "fetch_set_secret",
	"UPDATE hauspost.fetch_account SET secret = $2::bytea"
	" WHERE id::text = $1",
	2 };
static const struct db_stmt set_state = { "fetch_set_state",
	"UPDATE hauspost.fetch_account SET state = $2"
	" WHERE id::text = $1 RETURNING 1",
	2 };
static const struct db_stmt ask = { "fetch_ask",
	"SELECT hauspost.fetch_ask(id, $2) FROM hauspost.fetch_account"
	" WHERE id::text = $1",
	2 };
/* wanted is NULL again once the run has ended. */
static const struct db_stmt outcome = { "fetch_outcome",
	"SELECT s.wanted IS NULL AND s.locked_until IS NULL, s.code,"
	" hauspost.fetch_text(a, s), s.detail, s.run_done, s.run_total"
	" FROM hauspost.fetch_account AS a"
	" JOIN hauspost.fetch_state AS s ON s.account = a.id"
	" WHERE a.id::text = $1",
	1 };

/* --- rows ------------------------------------------------------------- */

static const struct db_stmt account_select = { "fetch_select",
	"SELECT to_jsonb(a) - 'secret' || to_jsonb(s) - 'account'"
	" || jsonb_build_object('state', CASE WHEN a.state = 'paused'"
	"   THEN a.state ELSE s.state END,"
	"  'has_secret', a.secret IS NOT NULL,"
	"  'running', coalesce(s.locked_until > now(), false),"
	"  'problem', hauspost.fetch_text(a, s),"
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
	" login, auth, pins, leave_days, minutes, max_size, folders, folder,"
	" language) = (SELECT n.protocol, n.host, n.port, n.tls, n.login,"
	"  n.auth, n.pins, n.leave_days, n.minutes, n.max_size, n.folders,"
	"  n.folder, n.language"
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
	{ "pins", "HASHES", "sha256//…=: the server's keys, instead of its "
			    "certificate",
	    "pins", VALUE_TEXT },
	{ "leave", "DAYS", "then delete there; 0: at once, none: never",
	    "leave_days", VALUE_LIMIT },
	{ "minutes", "NUMBER", "between two looks, 5 to 1440", "minutes",
	    VALUE_NUMBER },
	{ "max-size", "SIZE", "larger messages stay there", "max_size",
	    VALUE_SIZE },
	{ "folders", "{NAME,…}", "IMAP: which (default: {INBOX})", "folders",
	    VALUE_TEXT },
	{ "folder", "NAME", "local one; then no filter runs", "folder",
	    VALUE_TEXT },
	{ "language", "de|en", "of what the owner is told", "language",
	    VALUE_TEXT },
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
	{ "minutes", false },
	{ "max_size", false },
	{ "folders", false },
	{ "folder", false },
	{ "language", false },
	{ "state", true },
	{ "running", false },
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

/* --- the secret ------------------------------------------------------- */

static int
refused(struct cli *cli, struct db *db, int r, const struct why *why)
{
	say_warnings(cli, db);
	return r < 0 ? say_refusal(db, r, NULL, why) : EX_OK;
}

static int
run(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params)
{
	struct why why = { 0 };
	int r = db_run(db, stmt, params, NULL, &why);

	return refused(cli, db, r, &why);
}

/* Rows are the caller's to release when it is EX_OK. */
static int
ask_rows(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **rows)
{
	struct why why = { 0 };
	int r = db_run(db, stmt, params, rows, &why);

	return refused(cli, db, r, &why);
}

static int
no_such(const char *id)
{
	return say_failure(EX_NOUSER, "there is no account %s", id);
}

/* A box as a bytea parameter. */
static int
seal(struct cli *cli, const struct slice *bound, size_t n, const char *secret,
    struct slice *param_out)
{
	AUTO_BUF struct buf box = BUF_INIT(2 * SEALED_VALUE_MAX);
	AUTO_BUF struct buf hex = BUF_INIT(4 * SEALED_VALUE_MAX + 3);
	struct sealed_public public;
	struct why why = { 0 };

	if (sealed_public_read(cli->config.fetch_key, &public, &why) < 0 ||
	    sealed_make(&public, bound, n, slice_of(secret), &box, &why) < 0)
		return say_failure(EX_CONFIG, "%s", why.detail);
	(void)buf_add_text(&hex, "\\x");
	for (size_t i = 0; i < box.n; i++)
		(void)buf_addf(&hex, "%02x", (unsigned char)box.p[i]);
	*param_out = arena_slice(&cli->arena, buf_slice(&hex));
	return EX_OK;
}

enum { BOUND = 5 }; /* columns of bound_to that go into the box */

static int
put_secret(
    struct cli *cli, struct db *db, struct slice id, const char *secret)
{
	struct slice bound[BOUND], params[2] = { id };
	struct db_result *rows;
	int code = ask_rows(cli, db, &bound_to, &id, &rows);

	if (code != EX_OK)
		return code;
	if (db_rows(rows) == 0) {
		db_done(rows);
		return no_such(id.p);
	}
	for (int i = 0; i < BOUND; i++)
		bound[i] = arena_slice(&cli->arena, db_text(rows, 0, i));
	db_done(rows);
	code = seal(cli, bound, BOUND, secret, &params[1]);
	return code == EX_OK ? run(cli, db, &set_secret, params) : code;
}

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
complete(struct cli *cli, struct db *db, const struct args *args,
    struct slice *row_out)
{
	json_t *row = json_object();
	int code = read_options(args, row);
	char *text;
	struct db_result *rows;

	(void)json_object_set_new(
	    row, "mailbox", json_string(args->operands[0]));
	text = json_dumps(row, JSON_COMPACT);
	json_decref(row);
	if (code == EX_OK)
		code = ask_rows(cli, db, &defaults,
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

static int
add_account(struct cli *cli, struct db *db, const struct args *args,
    const char *secret)
{
	struct slice row, id;
	int code = complete(cli, db, args, &row);

	if (code == EX_OK)
		code = run(cli, db, &begin, NULL);
	if (code == EX_OK)
		code = run(cli, db, &insert, &row);
	if (code != EX_OK)
		return code;
	id = id_of(cli, row);
	code = put_secret(cli, db, id, secret);
	if (code == EX_OK)
		code = run(cli, db, &commit, NULL);
	if (code == EX_OK && cli->json)
		say_json(json_pack(
		    "{s:I}", "id", (json_int_t)strtoll(id.p, NULL, 10)));
	else if (code == EX_OK)
		(void)printf("account %.*s added\n", SLICE_FMT(id));
	return code;
}

static int
with_secret(struct cli *cli, const struct args *args, const char *of,
    int (*step)(struct cli *, struct db *, const struct args *, const char *))
{
	char secret[PASSWORD_MAX];
	struct db *db;
	int code = password_read(
	    arena_printf(&cli->arena, "password for %s", of), secret);

	if (code == EX_OK)
		code = cli_connect(cli, cli->config.role, &db);
	if (code == EX_OK) {
		code = step(cli, db, args, secret);
		db_close(db);
	}
	explicit_bzero(secret, sizeof secret);
	return code;
}

static int
add_run(struct cli *cli, const struct args *args)
{
	return with_secret(cli, args, args->operands[1], add_account);
}

static int
change_secret(struct cli *cli, struct db *db, const struct args *args,
    const char *secret)
{
	struct slice id = slice_of(args->operands[0]);
	int code = run(cli, db, &begin, NULL);

	if (code == EX_OK)
		code = put_secret(cli, db, id, secret);
	if (code == EX_OK)
		code = run(cli, db, &commit, NULL);
	if (code == EX_OK && !cli->json)
		(void)printf("account %s has a new secret\n", id.p);
	return code;
}

static int
secret_run(struct cli *cli, const struct args *args)
{
	return with_secret(cli, args,
	    arena_printf(&cli->arena, "account %s", args->operands[0]),
	    change_secret);
}

/* --- asking the fetcher ----------------------------------------------- */

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

static int
say_outcome(struct cli *cli, const struct db_result *rows)
{
	bool failed = !db_is_null(rows, 0, 1);

	if (isatty(STDERR_FILENO))
		(void)fputs("\r\x1b[K", stderr);
	if (cli->json)
		say_json(json_pack("{s:o?, s:o?, s:o?}", "code",
		    failed ? json_stringn(db_text(rows, 0, 1).p,
				 db_text(rows, 0, 1).n)
			   : NULL,
		    "problem",
		    failed ? json_stringn(db_text(rows, 0, 2).p,
				 db_text(rows, 0, 2).n)
			   : NULL,
		    "detail",
		    failed ? json_stringn(db_text(rows, 0, 3).p,
				 db_text(rows, 0, 3).n)
			   : NULL));
	else if (!failed)
		(void)puts("all is well");
	if (!failed)
		return EX_OK;
	if (cli->json)
		return EX_UNAVAILABLE;
	return say_failure(EX_UNAVAILABLE, "%.*s (%.*s: %.*s)",
	    SLICE_FMT(db_text(rows, 0, 2)), SLICE_FMT(db_text(rows, 0, 1)),
	    SLICE_FMT(db_text(rows, 0, 3)));
}

/* EX_OK and *over_out: it has ended, and that was said. */
static int
look(struct cli *cli, struct db *db, struct slice id, bool *over_out)
{
	struct db_result *rows;
	int code = ask_rows(cli, db, &outcome, &id, &rows);

	if (code != EX_OK)
		return code;
	*over_out = db_rows(rows) == 0 || db_flag(rows, 0, 0);
	if (db_rows(rows) == 0)
		code = no_such(id.p);
	else if (*over_out)
		code = say_outcome(cli, rows);
	else
		show_progress(db_number(rows, 0, 4), db_number(rows, 0, 5));
	db_done(rows);
	return code;
}

static int
ask_and_wait(struct cli *cli, struct db *db, struct slice id, const char *what)
{
	static const struct timespec pause = { 0, LOOK_EVERY_MS * 1000000L };
	struct db_result *rows;
	bool over = false;
	int code = ask_rows(cli, db, &ask,
	    (struct slice[]){ id, slice_of(what) }, &rows);

	if (code != EX_OK)
		return code;
	over = db_rows(rows) == 0;
	db_done(rows);
	if (over)
		return no_such(id.p);
	do {
		(void)nanosleep(&pause, NULL);
		code = look(cli, db, id, &over);
	} while (code == EX_OK && !over);
	return code;
}

static int
ask_run(struct cli *cli, const struct args *args)
{
	struct slice id = slice_of(args->operands[0]);
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = ask_and_wait(cli, db, id, args->subject);
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
	code = ask_rows(cli, db, &set_state,
	    (struct slice[]){ slice_of(id), slice_of(state) }, &rows);
	if (code == EX_OK) {
		if (db_rows(rows) == 0)
			code = no_such(id);
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
	    .run = secret_run },
	{ .words = "fetch test",
	    OF_ONE,
	    .purpose = "log in there, and say what is wrong",
	    .run = ask_run,
	    .subject = "test" },
	{ .words = "fetch run",
	    OF_ONE,
	    .purpose = "fetch now, and wait for the end",
	    .run = ask_run,
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
