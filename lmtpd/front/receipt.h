/*
 * lmtpd/front/receipt.h - the report of a delivery that its sender asked for
 * (NOTIFY=SUCCESS, RFC 3461 4.1 and 5.2.3, in the form of RFC 3464).
 *
 * We announce DSN, so the server before us leaves this to us. Only a final
 * delivery is reported, once: not the repeat that finds the message there.
 * The report names the recipient as the sender wrote him; which mailbox that
 * is, is nobody's business. A report that can not be handed over is logged
 * and forgotten: the mail itself is delivered.
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_RECEIPT_H
#define HAUSPOST_LMTPD_FRONT_RECEIPT_H

#include "lmtpd/front/heading.h"
#include "lmtpd/front/txn.h"

/* What a report says; slices as they came, cleaned on the way out. */
struct receipt {
	const struct heading *heading; /* of the message that was delivered */
	struct slice original;	       /* whom the sender wrote to */
	struct slice envid;	       /* plain; empty: none was given */
	struct slice header;	       /* of the message */
};

/* The report as a message, lines ending in LF, in the arena. */
struct slice receipt_write(struct arena *arena, const struct receipt *receipt);

/* Sends the reports that are due for the recipients of txn. */
void receipt_send(struct txn *txn, const struct heading *heading);

#endif
