/*
 * cli/list.h - what the commands of `hauspost list` share.
 *
 * Errors: exit codes; what is wrong has been told.
 */
#ifndef HAUSPOST_CLI_LIST_H
#define HAUSPOST_CLI_LIST_H

#include "cli/command.h"

/*
 * Runs one statement and gives its rows, which are the caller's to release
 * when it is EX_OK.
 */
int list_ask(struct cli *cli, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **rows_out);

/* The same where nothing comes back. */
int list_do(
    struct cli *cli, const struct db_stmt *stmt, const struct slice *params);

/* Both over a connection that is there. */
int list_ask_on(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **rows_out);
int list_do_on(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params);

/* The address of a list as the directory has it. */
struct slice list_name(struct cli *cli, struct slice given);

/* Prints rows below titles, or as objects with these as keys. */
int list_print(struct cli *cli, struct db_result *rows,
    const char *const *titles, size_t n);

/* The commands on members: members, add, change, drop, export. */
int list_members_run(struct cli *cli, const struct args *args);
int list_add_run(struct cli *cli, const struct args *args);
int list_change_run(struct cli *cli, const struct args *args);
int list_drop_run(struct cli *cli, const struct args *args);
int list_export_run(struct cli *cli, const struct args *args);

extern const struct command_option list_members_options[];
extern const struct command_option list_add_options[];
extern const struct command_option list_change_options[];
extern const struct command_option list_drop_options[];

/* The command import, and what it shares with add. */
int list_import_run(struct cli *cli, const struct args *args);
extern const struct command_option list_import_options[];

struct list_entering {
	struct slice list;
	const json_t *entries; /* [{"address": …, "mode": …}, …] */
	const char *letters;   /* none, welcome, invite */
	const char *actor;     /* NULL: who is logged in */
	const char *source;    /* "import FILE" */
};

/* Enters them, and tells how many joined and who did not. */
int list_enter(struct cli *cli, const struct list_entering *entering);

#endif
