/*
 * cli/script.h - takes a file of SQL apart into its statements.
 *
 * It knows what PostgreSQL's scanner knows (PostgreSQL 4.1): both comments,
 * of which one nests, quoted strings and names, E'' strings, $tag$ strings,
 * parentheses, and the bodies BEGIN ATOMIC … END of SQL functions. The
 * server has the last word: what it is sent is one statement or an error.
 *
 *	struct script script = script_start(text);
 *	while ((r = script_next(&script, &statement, &why)) > 0)
 *		…
 *
 * Ownership: statements are slices of the text.
 */
#ifndef HAUSPOST_CLI_SCRIPT_H
#define HAUSPOST_CLI_SCRIPT_H

#include "core/slice.h"
#include "core/why.h"

struct script {
	struct slice rest;
	int line; /* where rest begins */
};

struct statement {
	struct slice text; /* without the comments before, the ; behind */
	struct slice verb; /* its first word: "INSERT" */
	int line;	   /* where it begins, from 1 */
};

static inline struct script
script_start(struct slice text)
{
	return (struct script){ text, 1 };
}

/*
 * 1 and the next statement, 0 no more, -EINVAL with why->detail: a string
 * or comment that has no end, or a backslash command, which only psql knows.
 */
int script_next(
    struct script *script, struct statement *statement_out, struct why *why);

/* BEGIN, COMMIT, ROLLBACK and what else begins or ends a transaction. */
bool statement_ends_transaction(const struct statement *statement);

#endif
