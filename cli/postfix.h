/*
 * cli/postfix.h - what Postfix' own commands say and do: the queues of this
 * machine are theirs.
 */
#ifndef HAUSPOST_CLI_POSTFIX_H
#define HAUSPOST_CLI_POSTFIX_H

#include "cli/cli.h"

/* A message that is held, of the instance with this configuration. */
struct postfix_held {
	const char *instance;
	json_t *message; /* as postqueue -j tells it; borrowed */
};

/*
 * All that is held, of both instances; *queue_out keeps it, json_decref()
 * releases. Returns EX_OK, or what to exit with: it has been told.
 */
int postfix_list_held(struct cli *cli, json_t **queue_out,
    struct postfix_held **held_out, size_t *n_out);

/* One held message, or why not has been told. */
int postfix_release(const char *instance, const char *queue_id);
int postfix_delete(const char *instance, const char *queue_id);

#endif
