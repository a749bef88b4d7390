/*
 * cli/object.h - list, add, show, set and remove rows of the directory.
 *
 * One implementation; what differs between packages, mailboxes, domains,
 * addresses and aliases is a struct object (cli/directory.c). What a name
 * may look like, who may own what and what else follows is known to the
 * database, whose messages are shown as they are.
 */
#ifndef HAUSPOST_CLI_OBJECT_H
#define HAUSPOST_CLI_OBJECT_H

#include "cli/command.h"

struct object_column {
	const char *key; /* NULL ends a table */
	bool in_list;
};

struct object {
	const char *noun; /* "mailbox"; the table of that name */
	const struct object_column *columns; /* as show prints them */

	/* $1 parent, $2 name, each may be NULL: jsonb of each such row. */
	const struct db_stmt *select;
	/* $1 name, $2 jsonb of new values; a row where there was one. */
	const struct db_stmt *update;
	const struct db_stmt *remove;  /* $1 name; a row, as update */
	const struct db_stmt *targets; /* $1 name, $2 text[]; NULL: has none */

	/* Puts into a new row what its name and the second operand say. */
	void (*complete)(struct cli *cli, json_t *row, struct slice name,
	    const char *second);
	/* As the database writes what people write; NULL: the same. */
	struct slice (*name)(struct cli *cli, struct slice given);
	struct slice (*parent)(struct cli *cli, struct slice given);
};

int object_list(struct cli *cli, const struct args *args);
int object_show(struct cli *cli, const struct args *args);
int object_add(struct cli *cli, const struct args *args);
int object_set(struct cli *cli, const struct args *args);
int object_remove(struct cli *cli, const struct args *args);

#endif
