/*
 * hauspost db … - the database behind it all.
 */
#include "cli/migrate.h"

static const struct command_option dir_options[] = {
	{ "dir", "DIR",
	    "folder of the migrations (default: $HAUSPOST_SQL, "
	    "else the setting sql)",
	    NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct command db_commands[] = {
	{ "db migrate", "", 0, 0, "bring the schema up to date",
	    "Applies the files NNNN_….sql that are not applied yet, in their "
	    "order, each in a\ntransaction of its own. Does nothing where "
	    "nothing is to do.",
	    dir_options, migrate_run, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL },
};
