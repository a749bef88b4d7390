/*
 * sendmail/sendmail.h - one call of the command: who calls, and what he wants.
 *
 * Results are exit codes of sysexits(3); why it is not EX_OK has been told on
 * standard error by then.
 */
#ifndef HAUSPOST_SENDMAIL_SENDMAIL_H
#define HAUSPOST_SENDMAIL_SENDMAIL_H

#include <sysexits.h>

#include "core/config.h"
#include "sendmail/options.h"

struct sendmail_config {
	struct config_common common;
	const char *server;
	long timeout_ms;
};

struct sendmail {
	struct sendmail_config config;
	struct options options;
	struct arena arena;
	struct slice user, full_name; /* who calls us */
};

/* A message on stdin, to whom the options or its header say. */
int sendmail_deliver(struct sendmail *sendmail);

/* SMTP on stdin and stdout, passed on as it is. */
int sendmail_session(struct sendmail *sendmail);

/* "sendmail: about: text" on stderr, and the code back. */
int sendmail_say(int code, const char *about, const char *text);

#endif
