/*
 * core/notice.h - tell the owner of a mailbox or package what goes wrong with
 * his mail, once a day and subject, by mail from postmaster.
 *
 * notice_add() only writes a row (behind, core/batch.h); the table's unique
 * key (owner, kind, subject, day) makes a thousand refused messages one
 * notice. notice_send() turns rows into mail; one program of a node calls it
 * every minute or so. A crash between the next server's 250 and our mark
 * repeats one notice; none is lost.
 *
 * The mail has the null sender and Auto-Submitted (RFC 3834), so nothing
 * answers it.
 */
#ifndef HAUSPOST_CORE_NOTICE_H
#define HAUSPOST_CORE_NOTICE_H

#include "core/batch.h"
#include "core/smtpc.h"

struct notice {
	struct slice owner;   /* name of a mailbox */
	struct slice kind;    /* over-quota, dangling-target, … */
	struct slice subject; /* what it is about: an address, a mailbox */
	struct slice body;    /* UTF-8 for people, lines ending in LF */
};

struct batch *notice_start(struct db_pool *pool);
void notice_add(struct batch *notices, const struct notice *notice);

/*
 * Sends what waits to owner@node, at most NOTICE_BATCH a call. Returns how
 * many were sent, or -errno with why.
 */
enum { NOTICE_BATCH = 50 };
int notice_send(struct db_pool *pool, const struct smtpc_options *next,
    const char *node, struct why *why);

#endif
