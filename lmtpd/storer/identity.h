/*
 * lmtpd/storer/identity.h - whose file rights a thread uses.
 *
 * setfsuid(2) and setfsgid(2) change one thread, for file access only: while
 * it is the mailbox' user, the kernel lets it reach what that user could
 * reach, and nobody can send it a signal for it. Both calls report no error,
 * so each is verified.
 *
 * Threads: an identity belongs to one thread.
 */
#ifndef HAUSPOST_LMTPD_STORER_IDENTITY_H
#define HAUSPOST_LMTPD_STORER_IDENTITY_H

#include <sys/types.h>

#include "core/why.h"

enum { IDENTITY_MIN = 1000 }; /* below: the system's own users */

struct identity {
	uid_t own_uid, uid;
	gid_t own_gid, gid;
};

/* The calling thread's, which must still be our own. */
void identity_init(struct identity *identity);

/* Becomes a mailbox' user. 0; -EPERM for system users and on refusal. */
int identity_become(
    struct identity *identity, uid_t uid, gid_t gid, struct why *why);

/* Becomes ourselves again. 0 or -EPERM. */
int identity_return(struct identity *identity, struct why *why);

#endif
