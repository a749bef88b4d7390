/*
 * cli/command.h - the commands of `hauspost` are one table.
 *
 * Parser, --help and usage errors read it. A group of commands is a file of
 * its own, which ends in its part of the table, and one line in command.c.
 *
 *	hauspost [--config FILE] [--json] WORDS… [options] [operands]
 *
 * Options may stand anywhere; "--" ends them.
 */
#ifndef HAUSPOST_CLI_COMMAND_H
#define HAUSPOST_CLI_COMMAND_H

#include <stdbool.h>

#include "cli/cli.h"
#include "cli/value.h"

enum { COMMAND_OPTIONS_MAX = 32, COMMAND_ANY = -1 };

struct command_option {
	const char *name;   /* without its dashes; NULL ends a table */
	const char *value;  /* what is written behind it; NULL: nothing */
	const char *help;   /* one line */
	const char *column; /* for object commands: what it sets */
	enum value_type type;
};

struct args {
	char **operands;
	int n;
	/* By place in the command's options; NULL not given, "" a flag. */
	const char *values[COMMAND_OPTIONS_MAX];
	const struct command_option *options; /* the command's */
	const void *subject;
};

struct command {
	const char *words;    /* "db migrate"; NULL ends a table */
	const char *operands; /* for the usage line; NULL: takes none */
	int least, most;      /* operands; most may be COMMAND_ANY */
	const char *purpose;
	const char *details;		      /* for --help; may be NULL */
	const struct command_option *options; /* may be NULL */
	int (*run)(struct cli *cli, const struct args *args);
	const void *subject; /* for what is one function over many tables */
};

extern const struct command db_commands[];
extern const struct command directory_commands[];
extern const struct command dkim_commands[];
extern const struct command dns_commands[];
extern const struct command doctor_commands[];
extern const struct command explain_commands[];
extern const struct command fetch_commands[];
extern const struct command limit_commands[];
extern const struct command list_commands[];
extern const struct command quarantine_commands[];
extern const struct command sieve_commands[];
extern const struct command forward_commands[];
extern const struct command srs_commands[];
extern const struct command trail_commands[];
extern const struct command vacation_commands[];

/* What the words on the command line ask for. */
struct call {
	const struct command *command;
	struct args args;
	const char *config_path;
	bool json;
};

enum { COMMAND_RUNS = -1 };

/*
 * Fills *call_out and returns COMMAND_RUNS, or has printed help, version or
 * what is wrong and returns the code to exit with.
 */
int command_parse(int argc, char **argv, struct call *call_out);

#endif
