/*
 * cli/trial.h - a change that shows what it would do and can't stay.
 *
 * The file comes from a person, perhaps from another one than who runs it.
 * What keeps it from being committed:
 *
 *   - hauspost.try_start() puts a row before a deferred constraint that
 *     raises: whatever ends the transaction well fails there;
 *   - it refuses sessions that could replace that constraint;
 *   - a statement goes to the server by the protocol that takes just one,
 *     and after it the server must have run nothing that ends a transaction
 *     and must still be in ours: behind a ROLLBACK each statement would be a
 *     transaction of its own;
 *   - time limits are set anew before each statement.
 *
 * Functions return EX_OK, or what to exit with, the reason told; then the
 * connection is only good for db_close().
 */
#ifndef HAUSPOST_CLI_TRIAL_H
#define HAUSPOST_CLI_TRIAL_H

#include "cli/cli.h"

/* Begins a transaction that sees one state of the directory throughout. */
int trial_begin(struct db *db);

/* Runs the statements of the file, then checks what COMMIT would check. */
int trial_run(struct cli *cli, struct db *db, const char *path);

/* Takes it all back. */
int trial_end(struct db *db);

#endif
