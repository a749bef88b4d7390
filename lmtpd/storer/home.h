/*
 * lmtpd/storer/home.h - make the homes that lie below our mail_root.
 *
 * A home appears complete or not at all: it is made under another name, given
 * to its user, synced, renamed. Folders on the way to it belong to us, so no
 * user can put a link there. Homes elsewhere are somebody else's to make.
 *
 * What a process before us made and had not synced when it was killed is
 * synced once, before the first answer.
 *
 * Threads: any; one home is made at a time.
 */
#ifndef HAUSPOST_LMTPD_STORER_HOME_H
#define HAUSPOST_LMTPD_STORER_HOME_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "core/why.h"
#include "lmtpd/storer/users.h"

struct homes {
	const char *mail_root;
	pthread_mutex_t making; /* for what follows, and for the making */
	bool synced;
	dev_t synced_dev; /* another one was mounted: sync it too */
};

#define HOMES_INIT(root)                                                       \
	{                                                                      \
		.mail_root = (root), .making = PTHREAD_MUTEX_INITIALIZER       \
	}

/*
 * Sees to it that the user's home, and every folder from mail_root to it, is
 * there and on disk. The calling thread must have our own identity. Returns
 * 0 or -errno.
 */
int home_make(struct homes *homes, const struct user *user, struct why *why);

#endif
