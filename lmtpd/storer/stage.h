/*
 * lmtpd/storer/stage.h - put a message into a Maildir so that it survives.
 *
 * In two steps, because several messages may have to be taken or none:
 *
 *	stage_write()	the file is in tmp/ and on disk; nobody sees it
 *	stage_commit()	it is in new/ (or cur/), and the directory on disk
 *
 * After stage_commit() we have taken responsibility (RFC 5321 6.1). A crash
 * before leaves a file in tmp/, swept after 36 hours; a crash in between may
 * have shown the message without our having said so: the retry comes under
 * the same name and is not moved over it (RENAME_NOREPLACE).
 *
 * A rename, where qmail used link and unlink: one step instead of two, and
 * file systems without hard links serve as well. fsync(2) is never repeated
 * on the same file: Linux tells an error once and forgets it.
 *
 * Threads: a struct staged belongs to one thread, which has the mailbox'
 * identity.
 */
#ifndef HAUSPOST_LMTPD_STORER_STAGE_H
#define HAUSPOST_LMTPD_STORER_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/why.h"
#include "lmtpd/storer/maildir.h"
#include "lmtpd/storer/name.h"
#include "lmtpd/storer/request.h"
#include "lmtpd/storer/usage.h"
#include "lmtpd/storer/users.h"

struct staged {
	struct user *user; /* held until commit or abandon */
	struct maildir maildir;
	uint64_t size;	/* octets; claimed until commit or abandon */
	bool was_there; /* an earlier attempt came through; no file in tmp/ */
	uint32_t hint;	/* after ECANCELED: whose condition was not met */
	struct usage usage; /* with this message */
	char tmp[NAME_SPACE], name[NAME_SPACE];
};

/*
 * The message of a checked packet, its octets there or in message_fd. serial
 * is different for each call in this process. On success *staged_out is for
 * stage_commit() or stage_abandon(), and holds the user. Returns 0, -EDQUOT
 * when the message does not fit, or another -errno; then nothing is left.
 */
int stage_write(struct staged *staged_out, struct user *user,
    const struct packet *packet, int message_fd, unsigned long serial,
    struct why *why);

/*
 * Shows the message and syncs. On failure the message may be there or not;
 * the staged is done with either way. Returns 0 or -errno.
 */
int stage_commit(struct staged *staged, struct why *why);

/* Takes it back. */
void stage_abandon(struct staged *staged);

#endif
