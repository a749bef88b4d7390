#include "cli/check.h"

#include <string.h>
#include <time.h>

#include "cli/migrate.h"
#include "cli/table.h"

enum {
	/* Validity dates and budgets are compared with the database's clock,
	 * log lines and Maildir names carry ours. */
	CHECK_CLOCK_MS = 2000,
	CHECK_FAILED = 1,
};

/*
 * The checks in SQL. Each answers rows of (what, fine, says); $1, for those
 * that take it, is this machine's name.
 */
static const struct db_stmt server = { "check_server",
	"SELECT 'server', current_setting('server_version_num')::integer"
	" >= 150000 AND NOT pg_is_in_recovery(),"
	" 'PostgreSQL ' || current_setting('server_version')"
	" || CASE WHEN pg_is_in_recovery()"
	"    THEN ', a standby: nothing can be written' ELSE '' END",
	0 };
static const struct db_stmt encoding = { "check_encoding",
	"SELECT 'encoding', pg_encoding_to_char(encoding) = 'UTF8',"
	" pg_encoding_to_char(encoding)"
	" FROM pg_database WHERE datname = current_database()",
	0 };
/* What would let an acknowledged change be lost, or a program misread. */
static const struct db_stmt settings = { "check_settings",
	"SELECT 'setting ' || w.name, s.setting = ANY (w.fine),"
	" s.setting || CASE WHEN s.setting = ANY (w.fine) THEN ''"
	"  ELSE ', want ' || array_to_string(w.fine, ' or ') END"
	" FROM (VALUES ('fsync', '{on}'::text[]),"
	"  ('full_page_writes', '{on}'),"
	"  ('synchronous_commit', '{on,remote_apply,remote_write,local}'),"
	"  ('standard_conforming_strings', '{on}'),"
	"  ('default_transaction_read_only', '{off}'),"
	"  ('default_transaction_isolation', '{\"read committed\"}'))"
	"  AS w (name, fine)"
	" JOIN pg_settings AS s ON s.name = w.name",
	0 };
/* pg_dump takes no roles along: a restored directory may lack them. */
static const struct db_stmt roles = { "check_roles",
	"SELECT 'role ' || w.name, r.rolcanlogin AND NOT r.rolsuper"
	"  AND NOT pg_has_role(r.oid, 'hauspost_owner', 'MEMBER') IS TRUE,"
	" CASE WHEN r.rolname IS NULL THEN 'does not exist'"
	"  WHEN NOT r.rolcanlogin THEN 'may not log in'"
	"  WHEN r.rolsuper THEN 'is a superuser'"
	"  WHEN pg_has_role(r.oid, 'hauspost_owner', 'MEMBER')"
	"   THEN 'may become hauspost_owner'"
	"  ELSE 'logs in with its own rights' END"
	" FROM unnest('{hauspost_milter,hauspost_lmtpd,hauspost_storer,"
	"hauspost_runner,hauspost_autoconfig,hauspost_fetcher,"
	"hauspost_listmgr,hauspost_listweb,hauspost_dovecot,"
	"hauspost_admin}'::text[])"
	"  AS w (name)"
	" LEFT JOIN pg_roles AS r ON r.rolname = w.name",
	0 };
static const struct db_stmt grants = { "check_grants",
	"WITH needs (role, right_to, name) AS (VALUES"
	" ('hauspost_milter', 'EXECUTE', 'hauspost.resolve(text)'),"
	" ('hauspost_milter', 'EXECUTE', 'hauspost.domain_class(text)'),"
	" ('hauspost_milter', 'EXECUTE', 'hauspost.max_size()'),"
	" ('hauspost_milter', 'EXECUTE', 'hauspost.quota(text[])'),"
	" ('hauspost_milter', 'EXECUTE', 'hauspost.account(text)'),"
	" ('hauspost_milter', 'EXECUTE', 'hauspost.may_send(text, text)'),"
	" ('hauspost_milter', 'EXECUTE',"
	"  'hauspost.borrow(text, text, text, integer)'),"
	" ('hauspost_milter', 'INSERT', 'hauspost.trail'),"
	" ('hauspost_milter', 'INSERT', 'hauspost.notice'),"
	" ('hauspost_lmtpd', 'EXECUTE', 'hauspost.resolve(text)'),"
	" ('hauspost_lmtpd', 'EXECUTE', 'hauspost.leaf(text)'),"
	" ('hauspost_lmtpd', 'EXECUTE', 'hauspost.quota(text[])'),"
	" ('hauspost_lmtpd', 'EXECUTE', 'hauspost.secret(text)'),"
	" ('hauspost_lmtpd', 'INSERT', 'hauspost.trail'),"
	" ('hauspost_lmtpd', 'UPDATE', 'hauspost.notice'),"
	" ('hauspost_lmtpd', 'INSERT', 'hauspost.delivered'),"
	" ('hauspost_lmtpd', 'UPDATE', 'hauspost.usage'),"
	" ('hauspost_storer', 'EXECUTE', 'hauspost.store_user(text)'),"
	" ('hauspost_runner', 'EXECUTE', 'hauspost.run_job(text)'),"
	" ('hauspost_autoconfig', 'EXECUTE',"
	"  'hauspost.autoconfig(text, text, text)'),"
	" ('hauspost_fetcher', 'EXECUTE', 'hauspost.fetch_begin(text)'),"
	" ('hauspost_fetcher', 'EXECUTE', 'hauspost.fetch_list("
	"bigint, text, bigint, text[], bigint[], boolean, boolean)'),"
	" ('hauspost_listweb', 'EXECUTE', 'hauspost.list_visit(text, text)'),"
	" ('hauspost_listweb', 'EXECUTE', 'hauspost.list_unread(integer)'),"
	" ('hauspost_dovecot', 'EXECUTE', 'hauspost.login(text)'),"
	" ('hauspost_dovecot', 'UPDATE', 'hauspost.usage'),"
	" ('hauspost_admin', 'EXECUTE', 'hauspost.explain(text)'),"
	" ('hauspost_admin', 'UPDATE', 'hauspost.mailbox')"
	"), lacks AS ("
	" SELECT role, right_to, name, CASE right_to WHEN 'EXECUTE'"
	"  THEN has_function_privilege(r.oid, to_regprocedure(name), right_to)"
	"  ELSE has_table_privilege(r.oid, to_regclass(name), right_to)"
	"  END IS NOT TRUE AS missing"
	" FROM needs LEFT JOIN pg_roles AS r ON r.rolname = role)"
	" SELECT 'grants of ' || role, NOT bool_or(missing),"
	"  CASE WHEN bool_or(missing) THEN 'lacks ' || string_agg("
	"   right_to || ' on ' || name, ', ') FILTER (WHERE missing)"
	"  ELSE 'complete' END"
	" FROM lacks GROUP BY role ORDER BY role",
	0 };
static const struct db_stmt public_rights = { "check_public",
	"SELECT 'grants of PUBLIC', count(*) = 0,"
	" CASE count(*) WHEN 0 THEN 'none'"
	"  ELSE 'may use ' || string_agg(name, ', ') END"
	" FROM (SELECT p.oid::regprocedure::text, p.proacl IS NULL,"
	"   p.proacl FROM pg_proc AS p"
	"   WHERE p.pronamespace = 'hauspost'::regnamespace"
	"  UNION ALL SELECT c.oid::regclass::text, false, c.relacl"
	"   FROM pg_class AS c"
	"   WHERE c.relnamespace = 'hauspost'::regnamespace)"
	"  AS o (name, by_default, acl)"
	" WHERE by_default OR EXISTS (SELECT FROM aclexplode(acl) AS a"
	"  WHERE a.grantee = 0)",
	0 };
/* Whatever they answer: they run. */
static const struct db_stmt functions = { "check_functions",
	"SELECT 'functions', count(*) > 0, 'answer' FROM"
	" hauspost.resolve('postmaster@' || $1) AS r,"
	" hauspost.leaf('postmaster@mbox.' || $1) AS l,"
	" hauspost.domain_class($1) AS d, hauspost.max_size() AS s,"
	" hauspost.store_user('postmaster') AS u,"
	" hauspost.explain('postmaster@' || $1) AS e",
	1 };
static const struct db_stmt node = { "check_node",
	"SELECT 'node ' || $1, count(*) = 1,"
	" coalesce(min(state), 'has no row in hauspost.node')"
	" FROM hauspost.node WHERE name = $1",
	1 };

static const struct db_stmt *const questions[] = { &server, &encoding,
	&settings, &roles, &grants, &public_rights, &functions, &node };

static const struct db_stmt server_time = { "check_clock",
	"SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", 0 };

struct check {
	struct cli *cli;
	struct db *db;
	struct table table;
	json_t *list;
	bool failed;
};

static void
note(struct check *check, struct slice what, bool fine, struct slice says)
{
	struct slice cells[] = { fine ? SLICE("ok") : SLICE("FAILED"), what,
		says };

	check->failed = check->failed || !fine;
	if (!check->cli->json)
		table_add(&check->table, cells);
	else
		(void)json_array_append_new(check->list,
		    json_pack("{s:s%, s:b, s:s%}", "check", what.p, what.n,
			"ok", fine, "says", says.p, says.n));
}

/* A check that can't be made has failed, and the next one may still say why. */
static void
note_refusal(struct check *check, const char *what)
{
	struct arena *arena = &check->cli->arena;

	note(check, slice_of(what), false,
	    slice_of(arena_strdup(arena, db_message(check->db))));
}

static void
ask(struct check *check, const struct db_stmt *question)
{
	struct arena *arena = &check->cli->arena;
	struct slice here = slice_of(check->cli->config.common.node);
	struct db_result *rows;
	struct why why = { 0 };

	if (db_run(check->db, question, &here, &rows, &why) < 0) {
		note_refusal(check, question->name);
		return;
	}
	for (int i = 0; i < db_rows(rows); i++)
		note(check, arena_slice(arena, db_text(rows, i, 0)),
		    db_flag(rows, i, 1),
		    arena_slice(arena, db_text(rows, i, 2)));
	db_done(rows);
}

/* --- the clock -------------------------------------------------------- */

static long long
wall_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Half of the way there and back is as near as one question gets. */
static void
check_clock(struct check *check)
{
	long long before_ms = wall_ms(), after_ms, apart_ms;
	struct db_result *result;
	struct why why = { 0 };

	if (db_run(check->db, &server_time, NULL, &result, &why) < 0) {
		note_refusal(check, "clock");
		return;
	}
	after_ms = wall_ms();
	apart_ms =
	    db_number(result, 0, 0) - before_ms - (after_ms - before_ms) / 2;
	db_done(result);
	note(check, SLICE("clock"),
	    apart_ms > -CHECK_CLOCK_MS && apart_ms < CHECK_CLOCK_MS,
	    slice_of(arena_printf(&check->cli->arena,
		"the database's is %+lld ms from ours", apart_ms)));
}

/* --- the schema ------------------------------------------------------- */

static const char *
trouble_of(const struct migration *m)
{
	if (!m->recorded)
		return "is not applied: run hauspost db migrate";
	return m->changed ? "was edited after it was applied" : NULL;
}

static int
check_migrations(struct check *check, const char *dir)
{
	struct migrations all = { 0 };
	size_t troubles = 0;
	int code = migration_read(check->cli, dir, &all);

	if (code == EX_OK)
		code = migration_compare(check->cli, check->db, &all);
	if (code != EX_OK)
		return code;
	for (size_t i = 0; i < all.n; i++) {
		const char *trouble = trouble_of(&all.items[i]);

		if (trouble == NULL)
			continue;
		note(check, slice_of(all.items[i].name), false,
		    slice_of(trouble));
		troubles++;
	}
	for (size_t i = 0; i < all.n_missing; i++, troubles++)
		note(check, slice_of(all.missing[i]), false,
		    SLICE("is applied, but there is no such file"));
	if (troubles == 0)
		note(check, SLICE("schema"), true,
		    slice_of(arena_printf(
			&check->cli->arena, "%zu files applied", all.n)));
	return EX_OK;
}

/* --- the command ------------------------------------------------------ */

static void
report(struct check *check)
{
	if (check->cli->json)
		say_json(json_incref(check->list));
	else
		table_print(&check->table, stdout);
}

int
check_run(struct cli *cli, const struct args *args)
{
	struct check check = { .cli = cli,
		.table = table_start(&cli->arena, 3) };
	int code = cli_connect(cli, cli->config.role, &check.db);

	if (code != EX_OK)
		return code;
	check.list = json_array();
	code = check_migrations(&check, migration_dir(cli, args->values[0]));
	if (code == EX_OK) {
		for (size_t i = 0; i < sizeof questions / sizeof *questions;
		     i++)
			ask(&check, questions[i]);
		check_clock(&check);
		report(&check);
		code = check.failed ? CHECK_FAILED : EX_OK;
	}
	json_decref(check.list);
	db_close(check.db);
	return code;
}
