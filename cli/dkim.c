/*
 * hauspost dkim … - the keys that sign a domain's mail.
 */
#include <errno.h>
#include <time.h>

#include "cli/command.h"
#include "cli/keyring.h"
#include "cli/table.h"
#include "core/addr.h"

enum { OPTION_SELECTOR };

static const struct command_option add_options[] = {
	{ .name = "selector",
	    .value = "NAME",
	    .help = "its name in the DNS (default: hp and the month)" },
	{ .name = NULL },
};

static const struct db_stmt insert_key = { "insert_dkim_key",
	"INSERT INTO hauspost.dkim_key (domain, selector, public_key)"
	" VALUES ($1, $2, $3)",
	3 };
static const struct db_stmt delete_key = { "delete_dkim_key",
	"DELETE FROM hauspost.dkim_key WHERE domain = $1 AND selector = $2"
	" AND NOT signs RETURNING 1",
	2 };
static const struct db_stmt use_key = { "use_dkim_key",
	"SELECT 1 FROM hauspost.use_dkim_key($1, $2)", 2 };
static const struct db_stmt list_keys = { "list_dkim_keys",
	"SELECT domain, selector, signs, to_char(made, 'YYYY-MM-DD'),"
	" public_key FROM hauspost.dkim_key WHERE $1 IN ('', domain)"
	" ORDER BY domain, made, selector",
	1 };
static const struct db_stmt list_signing = { "list_signing_keys",
	"SELECT domain, selector FROM hauspost.dkim_key WHERE signs"
	" ORDER BY domain",
	0 };

/* --- what commands have in common ------------------------------------- */

static int
say_trouble(const struct why *why)
{
	return say_failure(EX_CANTCREAT, "%s", why->detail);
}

/* DOMAIN as its A-label; both name a file, the database checks only later. */
static int
read_names(struct cli *cli, const char *domain, const char *selector,
    struct keyring_key *key)
{
	struct slice at = slice_of(selector);

	if (addr_domain(&cli->arena, slice_of(domain), &key->domain) < 0 ||
	    slice_find(key->domain, '/') >= 0)
		return say_failure(EX_USAGE, "%s is not a domain name", domain);
	if (at.n == 0 || at.n > 63 || slice_find(at, '/') >= 0 ||
	    slice_find(at, '.') >= 0)
		return say_failure(EX_USAGE, "%s is not a selector", selector);
	key->selector = at;
	return EX_OK;
}

/* Runs a statement about one key; EX_DATAERR where there is no such key. */
static int
change(struct db *db, const struct db_stmt *stmt, const struct keyring_key *key,
    const char *missing)
{
	const struct slice params[] = { key->domain, key->selector };
	struct db_result *result;
	struct why why = { 0 };
	int code = EX_OK, r = db_run(db, stmt, params, &result, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	if (db_rows(result) == 0)
		code = say_failure(EX_DATAERR, "%s: %.*s of %.*s", missing,
		    SLICE_FMT(key->selector), SLICE_FMT(key->domain));
	db_done(result);
	return code;
}

static int
write_tables(struct cli *cli, struct db *db)
{
	struct db_result *rows;
	struct keyring_key *keys;
	struct why why = { 0 };
	size_t n;
	int r = db_run(db, &list_signing, NULL, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	n = (size_t)db_rows(rows);
	keys = arena_calloc(&cli->arena, n, sizeof *keys);
	for (size_t i = 0; i < n; i++)
		keys[i] = (struct keyring_key){ db_text(rows, (int)i, 0),
			db_text(rows, (int)i, 1) };
	r = keyring_write_tables(cli->config.dkim_keys, keys, n, &why);
	db_done(rows);
	if (r < 0)
		return say_trouble(&why);
	(void)fprintf(stderr,
	    "%s has the tables of %zu domains; OpenDKIM reads them when it is "
	    "reloaded\n",
	    cli->config.dkim_keys, n);
	return EX_OK;
}

/* --- add -------------------------------------------------------------- */

static const char *
month_selector(struct cli *cli)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[16];

	(void)gmtime_r(&now, &utc);
	(void)strftime(text, sizeof text, "hp%Y%m", &utc);
	return arena_strdup(&cli->arena, text);
}

static int
store_key(struct db *db, const struct keyring_key *key, struct slice public)
{
	const struct slice params[] = { key->domain, key->selector, public };
	struct why why = { 0 };
	int r = db_run(db, &insert_key, params, NULL, &why);

	return r < 0 ? say_refusal(db, r, NULL, &why) : EX_OK;
}

/* The file first: a row without it would stop the signer. */
static int
make_key(struct cli *cli, struct db *db, const struct keyring_key *key)
{
	const char *folder = cli->config.dkim_keys;
	struct slice public = { NULL, 0 };
	struct why why = { 0 };
	int code;

	if (keyring_make(&cli->arena, folder, key, &public, &why) < 0)
		return say_trouble(&why);
	code = store_key(db, key, public);
	if (code != EX_OK) {
		(void)keyring_remove(&cli->arena, folder, key, &why);
		return code;
	}
	(void)printf("%.*s has a new key, which does not sign yet. Put into "
		     "the DNS what\n\n    hauspost dns %.*s\n\nprints, then: "
		     "hauspost dkim use %.*s %.*s\n",
	    SLICE_FMT(key->domain), SLICE_FMT(key->domain),
	    SLICE_FMT(key->domain), SLICE_FMT(key->selector));
	return EX_OK;
}

static int
add_run(struct cli *cli, const struct args *args)
{
	const char *selector = args->values[OPTION_SELECTOR];
	struct keyring_key key;
	struct db *db;
	int code = read_names(cli, args->operands[0],
	    selector != NULL ? selector : month_selector(cli), &key);

	if (code == EX_OK)
		code = cli_connect(cli, cli->config.role, &db);
	if (code != EX_OK)
		return code;
	code = make_key(cli, db, &key);
	db_close(db);
	return code;
}

/* --- use, remove, tables ---------------------------------------------- */

/* A command about one key: reads its names and connects. */
static int
on_key(struct cli *cli, const struct args *args,
    int (*act)(struct cli *cli, struct db *db, const struct keyring_key *key))
{
	struct keyring_key key;
	struct db *db;
	int code = read_names(cli, args->operands[0], args->operands[1], &key);

	if (code == EX_OK)
		code = cli_connect(cli, cli->config.role, &db);
	if (code != EX_OK)
		return code;
	code = act(cli, db, &key);
	db_close(db);
	return code;
}

static int
use(struct cli *cli, struct db *db, const struct keyring_key *key)
{
	int code = change(db, &use_key, key, "there is no such key");

	return code == EX_OK ? write_tables(cli, db) : code;
}

static int
use_run(struct cli *cli, const struct args *args)
{
	return on_key(cli, args, use);
}

static int
forget(struct cli *cli, struct db *db, const struct keyring_key *key)
{
	struct why why = { 0 };
	int code = change(
	    db, &delete_key, key, "there is no such key that does not sign");

	if (code == EX_OK &&
	    keyring_remove(&cli->arena, cli->config.dkim_keys, key, &why) < 0)
		code = say_trouble(&why);
	return code;
}

static int
remove_run(struct cli *cli, const struct args *args)
{
	return on_key(cli, args, forget);
}

static int
tables_run(struct cli *cli, const struct args *args)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	(void)args;
	if (code != EX_OK)
		return code;
	code = write_tables(cli, db);
	db_close(db);
	return code;
}

/* --- list ------------------------------------------------------------- */

static void
print_list(struct cli *cli, const struct db_result *rows)
{
	struct table table = table_start(&cli->arena, 4);

	table.headed = true;
	table_add(&table, (struct slice[]){ SLICE("domain"), SLICE("selector"),
			      SLICE("made"), SLICE("signs") });
	for (int i = 0; i < db_rows(rows); i++)
		table_add(&table,
		    (struct slice[]){ db_text(rows, i, 0), db_text(rows, i, 1),
			db_text(rows, i, 3),
			db_flag(rows, i, 2) ? SLICE("yes") : SLICE("") });
	table_print(&table, stdout);
}

static json_t *
json_text(const struct db_result *rows, int row, int column)
{
	struct slice text = db_text(rows, row, column);

	return json_stringn(text.p, text.n);
}

static void
print_json(const struct db_result *rows)
{
	json_t *list = json_array();

	for (int i = 0; i < db_rows(rows); i++)
		(void)json_array_append_new(list,
		    json_pack("{s:o,s:o,s:b,s:o,s:o}", "domain",
			json_text(rows, i, 0), "selector",
			json_text(rows, i, 1), "signs", db_flag(rows, i, 2),
			"made", json_text(rows, i, 3), "public_key",
			json_text(rows, i, 4)));
	say_json(list);
}

static int
list_run(struct cli *cli, const struct args *args)
{
	struct slice domain = slice_of(args->n > 0 ? args->operands[0] : "");
	struct db_result *rows;
	struct why why = { 0 };
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db), r;

	if (code != EX_OK)
		return code;
	r = db_run(db, &list_keys, &domain, &rows, &why);
	if (r < 0) {
		code = say_refusal(db, r, NULL, &why);
	} else {
		if (cli->json)
			print_json(rows);
		else
			print_list(cli, rows);
		db_done(rows);
	}
	db_close(db);
	return code;
}

const struct command dkim_commands[] = {
	{ "dkim add", "DOMAIN", 1, 1, "make a key for a domain's mail",
	    "It begins to sign with \"dkim use\", once its record is in the "
	    "DNS.",
	    add_options, add_run, NULL },
	{ "dkim use", "DOMAIN SELECTOR", 2, 2, "sign with this key from now on",
	    "Leave the old key's record in the DNS for a week: mail that it "
	    "signed is still under way.",
	    NULL, use_run, NULL },
	{ "dkim remove", "DOMAIN SELECTOR", 2, 2,
	    "forget a key that does not sign", NULL, NULL, remove_run, NULL },
	{ "dkim list", "[DOMAIN]", 0, 1, "the keys there are", NULL, NULL,
	    list_run, NULL },
	{ "dkim tables", NULL, 0, 0, "write OpenDKIM's tables anew",
	    "After a domain was removed, or on a machine that was restored.",
	    NULL, tables_run, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL },
};
