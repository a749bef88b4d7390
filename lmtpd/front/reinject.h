/*
 * lmtpd/front/reinject.h - give a message back to Postfix for another address:
 * forwards, and recipients that nobody has expanded yet.
 *
 * A second attempt after a lost 250 sends nothing twice: what the next server
 * took is marked in the ledger under the delivery's name.
 *
 * An unexpanded recipient goes back once, with a field that carries a keyed
 * token. When it comes back unexpanded all the same, the milter is missing on
 * that way as well, and another round would not end: 5.4.6.
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_REINJECT_H
#define HAUSPOST_LMTPD_FRONT_REINJECT_H

#include "core/smtpc.h"
#include "lmtpd/front/heading.h"
#include "lmtpd/front/txn.h"

struct reinject {
	struct txn *txn;
	const struct heading *heading;
	const char *endpoint; /* where Postfix takes it */
	struct smtpc *smtpc;  /* NULL until it is needed */
};

#define REINJECT_INIT(txn, heading)                                            \
	{                                                                      \
		(txn), (heading), (txn)->lmtpd->settings->reinject, NULL       \
	}

/*
 * For letters that we write for our users, which are signed on their way out.
 * What is sent on is not: who knows who wrote it.
 */
#define REINJECT_OWN_INIT(txn, heading)                                        \
	{                                                                      \
		(txn), (heading), (txn)->lmtpd->settings->originate, NULL      \
	}

/* Sends the message on as rcpt's plan says; the result is in rcpt->why. */
void reinject_send(struct reinject *reinject, struct rcpt *rcpt);

/*
 * Another mail of the same transaction, over the same connection, once: not
 * again when it is marked in the ledger as this action of the delivery.
 * MAIL_OK: the next server has it.
 */
enum verdict reinject_once(struct reinject *reinject, struct slice delivery,
    struct slice action, struct smtpc_mail *mail, struct why *why);

/* The same without a mark. */
enum verdict reinject_mail(
    struct reinject *reinject, struct smtpc_mail *mail, struct why *why);

void reinject_done(struct reinject *reinject);

/* --- for those who send it to several at once --------------------------- */

/*
 * Hands the message over with head above it, in mail's envelope. Each of
 * mail's recipients gets its why; rcpt->why is that of the whole, see
 * smtpc_send().
 */
enum verdict reinject_hand_over(struct reinject *reinject, struct rcpt *rcpt,
    struct smtpc_mail *mail, struct slice head);

/* The sender with which a message goes on from rcpt->plan.forwarder. */
enum verdict reinject_sender(
    struct txn *txn, struct rcpt *rcpt, struct slice *sender_out);

/* Parameters of MAIL and RCPT that go on as they came. */
struct slice reinject_params(struct txn *txn);
struct slice reinject_rcpt_params(struct txn *txn, const struct rcpt *rcpt);

#endif
