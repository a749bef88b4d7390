/*
 * hauspost db … - the database behind it all.
 */
#include "cli/check.h"
#include "cli/migrate.h"

static const struct command_option dir_options[] = {
	{ .name = "dir",
	    .value = "DIR",
	    .help = "folder of the migrations (default: $HAUSPOST_SQL, else "
		    "the setting sql)" },
	{ .name = NULL },
};

const struct command db_commands[] = {
	{ .words = "db migrate",
	    .purpose = "bring the schema up to date",
	    .details =
		"Applies the files NNNN_….sql that are not applied yet, "
		"in their order, each in a\ntransaction of its own. Does "
		"nothing where nothing is to do.",
	    .options = dir_options,
	    .run = migrate_run },
	{ .words = "db check",
	    .purpose = "is the database fit for mail?",
	    .details = "A line for each check: schema, settings, roles and "
		       "grants, functions, clock. Exit\nstatus 1 when one "
		       "failed.",
	    .options = dir_options,
	    .run = check_run },
	{ .words = NULL },
};
