/*
 * cli/filter_source.h - the Sieve scripts that run for a mailbox, in their
 * order: defaults of the directory and the script in its home.
 *
 * Ownership: sources_done() releases the programs; texts live in the arena of
 *            the command, or in the directory's rows.
 */
#ifndef HAUSPOST_CLI_FILTER_SOURCE_H
#define HAUSPOST_CLI_FILTER_SOURCE_H

#include "cli/cli.h"
#include "core/scripts.h"
#include "sieve/sieve.h"

enum { SOURCES_MAX = 16 };

struct source {
	const char *title;
	struct slice text;
	struct sieve_program *program;
};

struct sources {
	struct cli *cli;
	int home_fd;		     /* O_PATH; negative: there is none */
	struct db_result *directory; /* rows of place, name, script */
	struct source list[SOURCES_MAX];
	size_t n;
};

/* Each tells on stderr what can't be compiled, and goes on. */
void sources_add_defaults(struct sources *sources, enum script_place place);

/* text: in place of the one in the home; .p NULL: that one, if there is one. */
void sources_add_own(struct sources *sources, struct slice text);

/* As the engine asks for scripts to include. */
int sources_include(struct sources *sources, bool global, struct slice name,
    struct sieve_program **program_out);

/* Whose program it is; one that was included has no text. */
const struct source *sources_find(
    const struct sources *sources, const struct sieve_program *program);

void sources_done(struct sources *sources);

#endif
