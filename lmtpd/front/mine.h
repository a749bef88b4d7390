/*
 * lmtpd/front/mine.h - is this an address of the mailbox? The directory's way
 * from the address to its mailboxes says so, aliases and all.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_MINE_H
#define HAUSPOST_LMTPD_FRONT_MINE_H

#include "core/directory.h"

enum mine {
	MINE_NOT,
	MINE_BY_CATCH_ALL, /* as any other name at that domain would be */
	MINE,
};

/* What the leaves of an answer say of a mailbox. */
enum mine mine_by_answer(const struct answer *answer, struct slice mailbox);

/* 0 and *mine_out, or -errno with why. What is no address is not mine. */
int mine_address(struct directory *directory, struct slice mailbox,
    struct slice address, enum mine *mine_out, struct why *why);

#endif
