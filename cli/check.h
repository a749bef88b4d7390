/*
 * cli/check.h - hauspost db check: is the database fit for mail?
 *
 * A line for each check, those that fail marked; exit status 0 or 1.
 */
#ifndef HAUSPOST_CLI_CHECK_H
#define HAUSPOST_CLI_CHECK_H

#include "cli/command.h"

/* The command; its first option is the folder of the migrations. */
int check_run(struct cli *cli, const struct args *args);

#endif
