/*
 * lmtpd/front/txn.h - one mail transaction: sender, recipients, message.
 *
 *	txn_mail()	begins it
 *	txn_rcpt() …	a recipient is accepted, with a plan, or refused
 *	txn->message	takes the text
 *	deliver()	gives each accepted recipient its result
 *	txn_reset()	ends it, whatever came of it
 *
 * Ownership: everything a transaction learned is in its arena until
 *            txn_reset(). Memory is kept for the next one.
 * Threads:   one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_TXN_H
#define HAUSPOST_LMTPD_FRONT_TXN_H

#include "core/command.h"
#include "core/message.h"

#include "lmtpd/front/lmtpd.h"
#include "lmtpd/front/plan.h"

struct rcpt {
	struct rcpt *next;
	struct slice address;  /* as at RCPT, without <> */
	struct slice original; /* whom the sender wrote to */
	struct slice orcpt;    /* as it came; may be empty */
	unsigned notify;
	struct plan plan;

	struct slice name; /* of the delivery, from deliver() on */
	struct slice filtered; /* what scripts did with it; empty: nothing */
	bool noted;	   /* in the table of attempts */
	bool was_there;	   /* an earlier attempt had stored it */
	struct why why;	   /* the result */
};

struct txn {
	struct lmtpd *lmtpd;
	struct arena arena;
	struct slice peer; /* LHLO's name */
	struct slice
	    caller; /* the only mailbox it may deliver to; empty: any */
	struct command_xforward client;

	bool begun; /* MAIL was accepted */
	struct command_mail mail;
	struct slice sender; /* without <>, empty for the null sender */
	struct rcpt *first, **end;
	size_t n_rcpts;
	struct message message;

	time_t arrival; /* from deliver() on */
};

void txn_init(struct txn *txn, struct lmtpd *lmtpd);
void txn_done(struct txn *txn);

/* Forgets sender, recipients and message. */
void txn_reset(struct txn *txn);

/* MAIL: MAIL_OK, or the reply to give. */
enum verdict txn_mail(
    struct txn *txn, struct slice args, bool trusted, struct why *why);

/* RCPT, the same. */
enum verdict txn_rcpt(struct txn *txn, struct slice args, struct why *why);

/* Queue id for the log, or NULL when the peer told none. */
const char *txn_queue_id(const struct txn *txn);

#endif
