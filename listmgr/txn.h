/*
 * listmgr/txn.h - one LMTP transaction: sender, addresses of lists, message.
 *
 * Ownership: everything a transaction learned is in its arena until
 *            txn_reset().
 * Threads:   one.
 */
#ifndef HAUSPOST_LISTMGR_TXN_H
#define HAUSPOST_LISTMGR_TXN_H

#include "core/command.h"
#include "core/message.h"

#include "listmgr/mail.h"

struct rcpt {
	struct rcpt *next;
	struct slice original;
	struct list list;
	struct extension extension;
	struct why why; /* the result */
};

struct txn {
	struct listmgr *listmgr;
	struct arena arena;
	struct command_xforward client;
	struct command_mail mail;
	struct slice sender; /* without <>, empty for the null sender */
	struct rcpt *first, **end;
	long n_rcpts;
	struct message message;
};

void txn_init(struct txn *txn, struct listmgr *listmgr);
void txn_done(struct txn *txn);
void txn_reset(struct txn *txn);

/* MAIL and RCPT: MAIL_OK, or the reply to give. */
enum verdict txn_mail(struct txn *txn, struct slice args, struct why *why);
enum verdict txn_rcpt(struct txn *txn, struct slice args, struct why *why);

/* The message is there: each recipient gets its result. */
void txn_deliver(struct txn *txn);

/* Queue id for the log, or NULL when the peer told none. */
const char *txn_queue_id(const struct txn *txn);

#endif
