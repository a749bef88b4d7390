#include "cli/fetch.h"

#include <string.h>

#include "cli/password.h"
#include "core/sealed.h"

static const struct db_stmt bound_to = { "fetch_bound_to",
	"SELECT id::text, host, port::text, tls, login, address"
	" FROM hauspost.fetch_account WHERE id::text = $1 FOR UPDATE",
	1 };
static const struct db_stmt set_secret = { "fetch_set_secret",
	"UPDATE hauspost.fetch_account SET secret = $2::bytea"
	" WHERE id::text = $1",
	2 };
/* --- statements ------------------------------------------------------- */

static int
refused(struct cli *cli, struct db *db, int r, const struct why *why)
{
	say_warnings(cli, db);
	return r < 0 ? say_refusal(db, r, NULL, why) : EX_OK;
}

int
fetch_do(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params)
{
	struct why why = { 0 };
	int r = db_run(db, stmt, params, NULL, &why);

	return refused(cli, db, r, &why);
}

int
fetch_ask(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **rows)
{
	struct why why = { 0 };
	int r = db_run(db, stmt, params, rows, &why);

	return refused(cli, db, r, &why);
}

int
fetch_no_such(const char *id)
{
	return say_failure(EX_NOUSER, "there is no account %s", id);
}

/* --- the secret ------------------------------------------------------- */

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

int
fetch_put_secret(
    struct cli *cli, struct db *db, struct slice id, const char *secret)
{
	struct slice bound[BOUND], params[2] = { id };
	struct db_result *rows;
	int code = fetch_ask(cli, db, &bound_to, &id, &rows);

	if (code != EX_OK)
		return code;
	if (db_rows(rows) == 0) {
		db_done(rows);
		return fetch_no_such(id.p);
	}
	for (int i = 0; i < BOUND; i++)
		bound[i] = arena_slice(&cli->arena, db_text(rows, 0, i));
	db_done(rows);
	code = seal(cli, bound, BOUND, secret, &params[1]);
	return code == EX_OK ? fetch_do(cli, db, &set_secret, params) : code;
}

int
fetch_read_secret(struct cli *cli, struct db *db, struct slice id)
{
	char secret[PASSWORD_MAX];
	int code = password_read(
	    arena_printf(&cli->arena, "password for account %s", id.p), secret);

	if (code == EX_OK)
		code = fetch_put_secret(cli, db, id, secret);
	explicit_bzero(secret, sizeof secret);
	return code;
}

int
fetch_secret_run(struct cli *cli, const struct args *args)
{
	struct slice id = slice_of(args->operands[0]);
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = fetch_read_secret(cli, db, id);
	if (code == EX_OK && !cli->json)
		(void)printf("account %s has a new secret\n", id.p);
	db_close(db);
	return code;
}
