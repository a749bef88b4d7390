/*
 * milter/milter.h - what all connections share: settings, directory, trail.
 *
 * Threads: filled before the first one; what it points to may be shared.
 */
#ifndef HAUSPOST_MILTER_MILTER_H
#define HAUSPOST_MILTER_MILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/batch.h"
#include "core/config.h"
#include "core/directory.h"
#include "milter/budget.h"

struct milter_config {
	struct config_common common;
	struct directory_settings directory;
	const char *listen;	   /* for Postfix' smtpd and cleanup */
	const char *socketmap;	   /* for its domain classes; "" = none */
	const char *socket_group;  /* who may connect to both */
	const char *reinject_user; /* who may use class reinject and list */
	const char *postfix_user;  /* who may use class moved */
	const char *authserv_id;   /* of the filters that check senders */
	long bulk_recipients;	   /* more of them are a newsletter … */
	long bulk_burst;	   /* … as are more messages a minute */
	long bulk_port;		   /* where newsletters are to be sent to */
	long trail_days;
};

extern const struct config_key milter_keys[];

enum { TRUSTED_MAX = 8 };

struct milter {
	struct milter_config config;
	struct directory *directory;
	struct db_pool *pool; /* what is written behind */
	struct batch *trail, *notices;
	struct batch *bounces;	     /* of what was sent on */
	struct db_pool *budget_pool; /* what a sender waits for */
	struct budget *budget;
	uid_t trusted[TRUSTED_MAX]; /* the users of reinject_user */
	size_t n_trusted;
	uid_t postfix;
};

/* Looks the users of reinject_user and postfix_user up. 0 or -errno. */
int milter_trust(struct milter *milter, struct arena *arena, struct why *why);
bool milter_trusts(const struct milter *milter, uid_t uid);

/* Directory, trail and notices; threads begin here. */
void milter_open(struct milter *milter);
void milter_close(struct milter *milter);

#endif
