/*
 * cli/served.h - a domain and what is published for it, for `hauspost dns`
 * and `hauspost doctor`.
 */
#ifndef HAUSPOST_CLI_SERVED_H
#define HAUSPOST_CLI_SERVED_H

#include "cli/cli.h"
#include "core/provider.h"
#include "core/setup.h"

/* A DKIM key of the domain's own, as its DNS record has it. */
struct served_key {
	const char *selector, *record;
};

struct served {
	const char *domain;	  /* lower-case A-label */
	const char *mode;	  /* domain.mode: local, backup, relay, null */
	struct provider provider; /* with the record itself in .dkim */
	struct setup setup;
	struct served_key *keys; /* none: the provider's key signs */
	size_t n_keys;
};

/*
 * Reads [provider] and asks the directory. EX_OK, or told and what to exit
 * with; a domain that is not in the directory is EX_DATAERR.
 */
int served_read(struct cli *cli, const char *domain, struct served *served);

#endif
