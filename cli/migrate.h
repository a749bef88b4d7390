/*
 * cli/migrate.h - the files of sql/ and what the database knows of them.
 *
 * Functions return EX_OK, or the code to exit with, the reason told.
 * Ownership: all of it lives in the command's arena.
 */
#ifndef HAUSPOST_CLI_MIGRATE_H
#define HAUSPOST_CLI_MIGRATE_H

#include "cli/command.h"

enum {
	MIGRATIONS_MAX = 1000,	/* four digits, with room between the numbers */
	MIGRATION_SUM_MAX = 65, /* SHA-256 in hex, and NUL */
};

struct migration {
	const char *name;
	struct slice text;
	char sha256[MIGRATION_SUM_MAX];
	bool recorded; /* in hauspost.migration */
	bool changed;  /* … with another sum */
	bool applied;  /* just now */
};

struct migrations {
	struct migration *items; /* by name */
	size_t n;
	const char **missing; /* recorded, but no file */
	size_t n_missing;
};

/* The folder: as asked, else $HAUSPOST_SQL, else the setting `sql`. */
const char *migration_dir(const struct cli *cli, const char *asked);

int migration_read(
    struct cli *cli, const char *dir, struct migrations *migrations_out);

/* Notes what is recorded. */
int migration_compare(
    struct cli *cli, struct db *db, struct migrations *migrations);

/* The command; its first option is the folder. */
int migrate_run(struct cli *cli, const struct args *args);

#endif
