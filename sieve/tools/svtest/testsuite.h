/*
 * sieve/tools/svtest/testsuite.h - the world in which a test script runs.
 *
 * A test file is a Sieve script that requires "vnd.dovecot.testsuite". Its
 * commands compile and run other scripts, carry plans out into mailboxes and
 * an outgoing queue that exist in memory only, and look at what came of it.
 */
#ifndef HAUSPOST_SIEVE_TESTSUITE_H
#define HAUSPOST_SIEVE_TESTSUITE_H

#include "sieve/run.h"

/* A message in a mailbox, or sent with an envelope. */
struct mail {
	struct mail *next;
	struct slice octets;
	struct slice from, to; /* of sent ones */
	const struct slice *flags;
	size_t n_flags;
};

struct mailbox {
	struct mailbox *next;
	struct slice name;
	struct mail *mails;
};

/* A name with a value: settings, annotations, marks, saved programs. */
struct entry {
	struct entry *next;
	struct slice mailbox, name, value;
	int64_t until; /* of a mark */
	struct sieve_program *program;
};

struct text_entry {
	struct text_entry *next;
	struct slice text;
};

struct testsuite {
	const char *path;   /* of the test file */
	const char *folder; /* it lies in, ending in "/" */
	struct arena arena; /* until the file is done */

	struct entry *settings, *annotations, *marks, *saved;
	struct mailbox *mailboxes;
	struct mail *sent;
	unsigned n_sent;

	struct sieve_options options;
	struct sieve_environment environment;
	struct sieve_callbacks callbacks;
	struct sieve_program *program; /* the one last compiled */
	struct text_entry *errors;     /* of it, or of its run */
	bool from_script; /* the plan is a script's, complete with its keep */

	/* The test that is running. */
	struct slice failure; /* empty: none */
	const char *doubt;    /* "count" or "text": errors that differ */
	unsigned passed, failed, skipped;
};

extern const struct sieve_extension ext_testsuite;

/* Compiles and runs a test file; counts in suite. False: it cannot be run. */
bool testsuite_run_file(struct testsuite *suite, const char *path);

/* ---- world.c: mailboxes, what was sent, marks ---- */

void world_init(struct testsuite *suite);
void world_create_mailbox(struct testsuite *suite, struct slice name);
void world_delete_mailbox(struct testsuite *suite, struct slice name);
struct mailbox *world_mailbox(struct testsuite *suite, struct slice name);
void world_set(struct testsuite *suite, struct entry **list,
    struct slice mailbox, struct slice name, struct slice value);

/* Carries out what is planned in run. False: a mailbox is not there. */
bool world_execute(struct testsuite *suite, struct run *run);

/* The Nth message, from 0; NULL: none. */
const struct mail *world_mail(const struct mail *list, uint64_t n);

/* A file beside the test file, in suite's arena; false: none. */
bool world_read(struct testsuite *suite, struct slice name, struct slice *out,
    const char **path_out);

/* Compiles a file; false, and suite->errors says why. */
bool world_compile(struct testsuite *suite, struct slice name,
    struct sieve_program **program_out);
void world_error(struct testsuite *suite, struct slice text);
void world_forget_errors(struct testsuite *suite);

/* ---- config.c: settings as a site's configuration has them ---- */

void config_apply(struct testsuite *suite);

#endif
