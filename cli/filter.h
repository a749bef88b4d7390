/*
 * cli/filter.h - run the scripts of a mailbox as hauspost-lmtpd would, and
 * show each step instead of doing anything.
 */
#ifndef HAUSPOST_CLI_FILTER_H
#define HAUSPOST_CLI_FILTER_H

#include "cli/cli.h"
#include "sieve/sieve.h"

struct filter_question {
	struct slice mailbox;
	struct slice message;
	struct slice from, to; /* envelope; empty: as the message says */
	struct slice script;   /* in place of the mailbox' own; .p NULL: that */
};

/* Prints; returns what to exit with. */
int filter_try(
    struct cli *cli, struct db *db, const struct filter_question *question);

#endif
