/*
 * lmtpd/front/caller.h - which user is at the other end of the socket that
 * everybody may connect to, and how many sessions he has.
 *
 * The kernel says who called (SO_PEERCRED, unix(7)); the directory, which
 * mailbox is his. So a program delivers into its own user's mailbox, whatever
 * it says. A user who opens sessions without end meets a limit of his own,
 * before Postfix finds no place any more.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_CALLER_H
#define HAUSPOST_LMTPD_FRONT_CALLER_H

#include <sys/types.h>

#include "lmtpd/front/lmtpd.h"

enum {
	/* Of one user; more programs than that, the runner starts none. */
	CALLER_SESSIONS_MAX = 10,
	CALLERS_MAX = 50, /* of all users, in each worker */
};

/* MAIL_OK and the mailbox in the arena, or the greeting to give instead. */
enum verdict caller_mailbox(struct lmtpd *lmtpd, int fd, struct arena *arena,
    struct slice *mailbox_out, struct why *why);

struct callers {
	pthread_mutex_t lock; /* for what follows */
	uid_t uids[CALLERS_MAX];
	size_t n;
};

#define CALLERS_INIT                                                           \
	{                                                                      \
		.lock = PTHREAD_MUTEX_INITIALIZER                              \
	}

/* False: no place for another session of fd's user. */
bool callers_enter(struct callers *callers, int fd);

/* After callers_enter() said true. */
void callers_leave(struct callers *callers, int fd);

#endif
