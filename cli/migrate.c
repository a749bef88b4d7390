/*
 * hauspost db migrate - bring the schema up to date.
 *
 * A file runs in one transaction together with its row in
 * hauspost.migration: after a crash it is either applied and recorded or
 * neither. An advisory lock makes a second migrate wait, which then finds
 * nothing to do.
 */
#include "cli/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cli/script.h"
#include "core/clock.h"

static const struct db_stmt has_table = { "has_migration_table",
	"SELECT to_regclass('hauspost.migration') IS NOT NULL", 0 };
static const struct db_stmt recorded = { "recorded_migrations",
	"SELECT name, sha256 FROM hauspost.migration ORDER BY name", 0 };
static const struct db_stmt record = { "record_migration",
	"INSERT INTO hauspost.migration (name, sha256) VALUES ($1, $2)", 2 };
static const struct db_stmt begin = { "begin_migration", "BEGIN", 0 };
static const struct db_stmt commit = { "commit_migration", "COMMIT", 0 };
/* A file that forgets to must not choose the next one's role. */
static const struct db_stmt reset_role = { "reset_role", "RESET ROLE", 0 };

/* --- the folder ------------------------------------------------------- */

/* NNNN_what.sql; all else (demo.sql) lies there for other purposes. */
static int
is_migration(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return strspn(entry->d_name, "0123456789") == 4 &&
	       entry->d_name[4] == '_' && n > strlen("0000_.sql") &&
	       strcmp(entry->d_name + n - strlen(".sql"), ".sql") == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct migration *)a)->name,
	    ((const struct migration *)b)->name);
}

const char *
migration_dir(const struct cli *cli, const char *asked)
{
	const char *set = getenv("HAUSPOST_SQL");

	if (asked != NULL)
		return asked;
	return set != NULL && set[0] != '\0' ? set : cli->config.sql;
}

static void
sum_text(struct slice text, char sum[MIGRATION_SUM_MAX])
{
	unsigned char octets[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(octets, (const unsigned char *)text.p, text.n);
	(void)sodium_bin2hex(sum, MIGRATION_SUM_MAX, octets, sizeof octets);
}

static int
read_migration(struct cli *cli, const char *dir, struct migration *m)
{
	const char *path = arena_printf(&cli->arena, "%s/%s", dir, m->name);
	int code = cli_read_file(cli, path, &m->text);

	if (code == EX_OK)
		sum_text(m->text, m->sha256);
	return code;
}

/* Two branches that took the same number would have no order. */
static int
check_numbers(const struct migration *m, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (strncmp(m[i - 1].name, m[i].name, 4) == 0)
			return say_failure(EX_DATAERR,
			    "%s and %s have the same number", m[i - 1].name,
			    m[i].name);
	}
	return EX_OK;
}

static size_t
list_names(struct cli *cli, DIR *dir, struct migration *to, size_t max)
{
	struct dirent *entry;
	size_t n = 0;

	while (n < max && (entry = readdir(dir)) != NULL) {
		if (is_migration(entry))
			to[n++].name = arena_strdup(&cli->arena, entry->d_name);
	}
	return n;
}

int
migration_read(struct cli *cli, const char *path, struct migrations *out)
{
	DIR *dir = opendir(path);
	int code;

	if (dir == NULL)
		return say_failure(EX_NOINPUT, "%s: %s", path, strerror(errno));
	out->items =
	    arena_calloc(&cli->arena, MIGRATIONS_MAX, sizeof *out->items);
	out->n = list_names(cli, dir, out->items, MIGRATIONS_MAX);
	(void)closedir(dir);
	if (out->n == 0)
		return say_failure(
		    EX_NOINPUT, "%s holds no files NNNN_….sql", path);
	qsort(out->items, out->n, sizeof *out->items, by_name);
	code = check_numbers(out->items, out->n);
	for (size_t i = 0; code == EX_OK && i < out->n; i++)
		code = read_migration(cli, path, &out->items[i]);
	return code;
}

/* --- what is recorded ------------------------------------------------- */

static struct migration *
find_migration(struct migrations *all, struct slice name)
{
	for (size_t i = 0; i < all->n; i++) {
		if (slice_eq(slice_of(all->items[i].name), name))
			return &all->items[i];
	}
	return NULL;
}

static void
note_recorded(
    struct cli *cli, struct migrations *all, const struct db_result *rows)
{
	all->missing = arena_calloc(
	    &cli->arena, (size_t)db_rows(rows) + 1, sizeof *all->missing);
	for (int i = 0; i < db_rows(rows); i++) {
		struct slice name = db_text(rows, i, 0);
		struct migration *m = find_migration(all, name);

		if (m == NULL) {
			all->missing[all->n_missing++] =
			    arena_slice(&cli->arena, name).p;
			continue;
		}
		m->recorded = true;
		m->changed =
		    !slice_eq(db_text(rows, i, 1), slice_of(m->sha256));
	}
}

int
migration_compare(struct cli *cli, struct db *db, struct migrations *all)
{
	struct db_result *result;
	struct why why = { 0 };
	int r = db_run(db, &has_table, NULL, &result, &why);
	bool there;

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	there = db_flag(result, 0, 0);
	db_done(result);
	if (!there)
		return EX_OK; /* an empty database */
	r = db_run(db, &recorded, NULL, &result, &why);
	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	note_recorded(cli, all, result);
	db_done(result);
	return EX_OK;
}

/* --- applying --------------------------------------------------------- */

static int
run_statement(struct cli *cli, struct db *db, const struct migration *m,
    const struct statement *statement)
{
	const char *about =
	    arena_printf(&cli->arena, "%s, line %d", m->name, statement->line);
	struct db_result *result;
	struct why why = { 0 };
	int r;

	if (statement_ends_transaction(statement))
		return say_failure(EX_DATAERR,
		    "%s: each file is one transaction; take the %.*s out",
		    about, SLICE_FMT(statement->verb));
	r = db_run_one(
	    db, arena_slice(&cli->arena, statement->text).p, 0, &result, &why);
	if (r < 0)
		return say_refusal(db, r, about, &why);
	db_done(result);
	say_warnings(cli, db);
	return EX_OK;
}

static int
run_file(struct cli *cli, struct db *db, const struct migration *m)
{
	struct script script = script_start(m->text);
	struct statement statement;
	struct why why = { 0 };
	int r, code = EX_OK;

	while (code == EX_OK &&
	       (r = script_next(&script, &statement, &why)) != 0) {
		if (r < 0)
			return say_failure(
			    EX_DATAERR, "%s, %s", m->name, why.detail);
		code = run_statement(cli, db, m, &statement);
	}
	return code;
}

static int
run_own(struct db *db, const struct db_stmt *stmt, const struct slice *params,
    const char *about)
{
	struct why why = { 0 };
	int r = db_run(db, stmt, params, NULL, &why);

	return r == 0 ? EX_OK : say_refusal(db, r, about, &why);
}

/* On failure the connection ends, and with it what was done. */
static int
apply(struct cli *cli, struct db *db, const struct migration *m)
{
	const struct slice row[] = { slice_of(m->name), slice_of(m->sha256) };
	int code = run_own(db, &begin, NULL, m->name);

	if (code == EX_OK)
		code = run_file(cli, db, m);
	if (code == EX_OK)
		code = run_own(db, &reset_role, NULL, m->name);
	if (code == EX_OK)
		code = run_own(db, &record, row, m->name);
	if (code == EX_OK)
		code = run_own(db, &commit, NULL, m->name);
	return code;
}

static int
refuse_changed(const struct migrations *all)
{
	int code = EX_OK;

	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i].changed)
			code = say_failure(EX_DATAERR,
			    "%s was edited after it was applied; put it back "
			    "and write the change into a new file",
			    all->items[i].name);
	}
	return code;
}

static int
apply_pending(struct cli *cli, struct db *db, struct migrations *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct migration *m = &all->items[i];
		long began_ms = clock_ms();
		int code;

		if (m->recorded)
			continue;
		if (!cli->json)
			(void)printf("%-40s ", m->name);
		(void)fflush(stdout);
		code = apply(cli, db, m);
		if (code != EX_OK)
			return code;
		m->applied = true;
		if (!cli->json)
			(void)printf("%6ld ms\n", clock_ms() - began_ms);
	}
	return EX_OK;
}

/* --- the command ------------------------------------------------------ */

/* Held until the connection ends. The number is ours and means nothing. */
static int
lock_schema(struct db *db)
{
	struct db_result *result;
	struct why why = { 0 };
	int r = db_run_one(
	    db, "SELECT pg_try_advisory_lock(4170203519)", 0, &result, &why);
	bool ours = r == 0 && db_flag(result, 0, 0);

	if (r == 0)
		db_done(result);
	if (r < 0 || ours)
		return r < 0 ? say_refusal(db, r, NULL, &why) : EX_OK;
	(void)say_failure(EX_OK, "another migrate is at work; waiting for it");
	r = db_run_one(
	    db, "SELECT pg_advisory_lock(4170203519)", 0, &result, &why);
	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	db_done(result);
	return EX_OK;
}

static void
report(const struct cli *cli, const struct migrations *all)
{
	json_t *files;
	size_t applied = 0;

	for (size_t i = 0; i < all->n; i++)
		applied += all->items[i].applied;
	if (!cli->json) {
		(void)printf("%zu of %zu files applied now, the schema is up "
			     "to date\n",
		    applied, all->n);
		return;
	}
	files = json_array();
	for (size_t i = 0; i < all->n; i++)
		(void)json_array_append_new(files,
		    json_pack("{s:s, s:s, s:b}", "name", all->items[i].name,
			"sha256", all->items[i].sha256, "applied_now",
			all->items[i].applied));
	say_json(files);
}

static int
migrate_with(struct cli *cli, struct db *db, struct migrations *all)
{
	int code = lock_schema(db);

	if (code == EX_OK)
		code = migration_compare(cli, db, all);
	for (size_t i = 0; code == EX_OK && i < all->n_missing; i++)
		(void)say_failure(EX_OK,
		    "warning: %s is recorded, but there "
		    "is no such file",
		    all->missing[i]);
	if (code == EX_OK)
		code = refuse_changed(all);
	if (code == EX_OK)
		code = apply_pending(cli, db, all);
	if (code == EX_OK)
		report(cli, all);
	return code;
}

int
migrate_run(struct cli *cli, const struct args *args)
{
	struct migrations all = { 0 };
	struct db *db;
	int code =
	    migration_read(cli, migration_dir(cli, args->values[0]), &all);

	if (code == EX_OK)
		code = cli_connect(cli, cli->config.migration_role, &db);
	if (code != EX_OK)
		return code;
	code = migrate_with(cli, db, &all);
	db_close(db);
	return code;
}
