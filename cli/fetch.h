/*
 * cli/fetch.h - what the commands of `hauspost fetch` share.
 *
 * Errors: exit codes; what is wrong has been told.
 */
#ifndef HAUSPOST_CLI_FETCH_H
#define HAUSPOST_CLI_FETCH_H

#include "cli/command.h"

int fetch_do(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params);

/* Rows are the caller's to release when it is EX_OK. */
int fetch_ask(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **rows);

/* There is no such account. */
int fetch_no_such(const char *id);

/*
 * Seals a secret for an account: with the fetcher's public key, bound to id,
 * host, port, tls and login as fetcher/run.c expects them.
 */
int fetch_put_secret(
    struct cli *cli, struct db *db, struct slice id, const char *secret);

/* Asks for the password, or reads it from stdin, and puts it there. */
int fetch_read_secret(struct cli *cli, struct db *db, struct slice id);

/* Has the fetcher run or test the account, and tells what came of it. */
int fetch_wait(
    struct cli *cli, struct db *db, struct slice id, const char *what);

/* The commands fetch secret, grant, test and run. */
int fetch_secret_run(struct cli *cli, const struct args *args);
int fetch_grant_run(struct cli *cli, const struct args *args);
int fetch_wait_run(struct cli *cli, const struct args *args);

#endif
