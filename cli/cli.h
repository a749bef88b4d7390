/*
 * cli/cli.h - what every command of `hauspost` is given.
 *
 * A command writes results to stdout, for people or with --json, and all
 * else to stderr. It returns the exit code, of sysexits(3). What other
 * people wrote (names, replies, messages of the server) goes through
 * say_text(): no escape sequence of theirs reaches the terminal.
 */
#ifndef HAUSPOST_CLI_CLI_H
#define HAUSPOST_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "core/arena.h"
#include "core/config.h"
#include "core/db.h"

struct cli_config {
	struct config_common common;
	const char *role;	    /* PostgreSQL role of most commands */
	const char *migration_role; /* … of db migrate: makes roles */
	const char *sql;	    /* folder of the migrations */
	const char *dkim_keys;	    /* folder of keys, which OpenDKIM reads */
	const char *fetch_key;	    /* seals what only the fetcher reads */
	/* Configurations of Postfix: the one, and that for newsletters. */
	const char *postfix, *postfix_bulk;
	long trial_ms; /* for each statement of a change that is tried */
};

extern const struct config_key cli_keys[];

struct cli {
	struct cli_config config;
	const char *config_path; /* for other sections of the same file */
	bool json;
	struct arena arena; /* until the command is done */
};

/*
 * A connection as role, or as whom the setting `database` names. Returns
 * EX_OK, or what to exit with: the reason has been told.
 */
int cli_connect(struct cli *cli, const char *role, struct db **db_out);

/* The whole file as text, "-" being stdin. EX_OK, or told and EX_NOINPUT. */
int cli_read_file(struct cli *cli, const char *path, struct slice *text_out);

/* The same for octets of any kind: a message. */
int cli_read_octets(
    struct cli *cli, const char *path, struct slice *octets_out);

/* --- what people read ------------------------------------------------- */

/* Writes text with its control characters as '?'. */
void say_text(FILE *out, struct slice text);

/* "hauspost: …" on stderr, and exit_code back. */
int say_failure(int exit_code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * What the database refused, with DETAIL and HINT on lines of their own;
 * about: what it was about, or NULL. error is db_run()'s: EX_UNAVAILABLE for
 * a lost connection, EX_NOPERM for a missing right, else EX_DATAERR.
 */
int say_refusal(
    struct db *db, int error, const char *about, const struct why *why);

/* Tells the warnings that came with the last statements. */
void say_warnings(struct cli *cli, struct db *db);

/* Prints and releases json. */
void say_json(json_t *json);

#endif
