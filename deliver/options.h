/*
 * deliver/options.h - the command line, with the letters of dovecot-lda(1),
 * so that users' recipes need a new name only.
 */
#ifndef HAUSPOST_DELIVER_OPTIONS_H
#define HAUSPOST_DELIVER_OPTIONS_H

#include <stdbool.h>

#include "core/config.h"

struct options {
	const char *config_path;
	bool check_only;
	const char *mailbox;  /* -d; NULL: whose program we are */
	const char *sender;   /* -f; NULL: what the message says */
	const char *original; /* -a, -r; NULL: $RECIPIENT */
	const char *folder;   /* -m; NULL: INBOX, through the filters */
	const char *path;     /* -p; NULL: standard input */
};

enum { OPTIONS_FINE = -1 };

/* OPTIONS_FINE, or the code to exit with. */
int options_read(int argc, char **argv, const struct config_key *keys,
    struct options *options_out);

#endif
