/*
 * lmtpd/runner/owner.h - as whom a program runs, asked from the directory.
 */
#ifndef HAUSPOST_LMTPD_RUNNER_OWNER_H
#define HAUSPOST_LMTPD_RUNNER_OWNER_H

#include <sys/types.h>

#include "core/db.h"

enum { OWNER_ID_MIN = 1000 }; /* below are the system's own users */

struct owner {
	const char *mailbox, *package, *home; /* in the arena */
	uid_t uid;
	gid_t gid;
	/* Of an alias' target, "|…" or ":include:/…"; NULL: the mailbox' own
	 * procmail or ~/.forward. */
	const char *program;
};

/*
 * 0, -ESRCH when the leaf is nobody's, -EPERM when its user is a system user,
 * else -errno of the database.
 */
int owner_find(struct db_pool *pool, struct arena *arena, const char *leaf,
    struct owner *owner_out, struct why *why);

#endif
