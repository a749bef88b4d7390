/*
 * cli/explanation.h - what hauspost.explain() says of one address.
 *
 * All of it comes from SQL; here it is only shown.
 *
 * Ownership: explanations live in the command's arena.
 */
#ifndef HAUSPOST_CLI_EXPLANATION_H
#define HAUSPOST_CLI_EXPLANATION_H

#include "cli/cli.h"

/* One row of hauspost.explain(); hop 0 is the question and SMTP's answer. */
struct hop {
	long parent, depth;
	struct slice kind, name, why;
	struct slice *lost;
	size_t n_lost;
	bool again;
	struct slice leaf, recipient, mailbox, detail; /* .p NULL: none */
	int code;
	struct slice dsn, reply, changes_at;
	long long size_limit; /* octets; 0: none */
};

struct explanation {
	struct hop *hops; /* in the order they are printed; one at least */
	size_t n;
};

/* EX_OK, or what to exit with, the reason told. */
int explanation_ask(struct cli *cli, struct db *db, const char *address,
    struct explanation *out);

/* EX_OK deliverable, EX_NOUSER refused, EX_TEMPFAIL deferred. */
int explanation_exit(const struct explanation *explanation);

/* As people read them: "    alias xyz00-team", "2 targets". */
struct explanation_line {
	struct slice hop, remark;
};

/* One for each hop. */
struct explanation_line *explanation_lines(
    struct cli *cli, const struct explanation *explanation);

void explanation_print(struct cli *cli, const struct explanation *e, FILE *out);
json_t *explanation_json(const struct explanation *e);

#endif
