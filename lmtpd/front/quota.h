/*
 * lmtpd/front/quota.h - full mailboxes: what the sender hears, what the owner
 * is told, what usage is remembered.
 */
#ifndef HAUSPOST_LMTPD_FRONT_QUOTA_H
#define HAUSPOST_LMTPD_FRONT_QUOTA_H

#include "lmtpd/front/txn.h"

/*
 * The storer found no room. rcpt->why says 452 4.2.2; once the days of grace
 * are over it becomes the directory's 552 5.2.2. The owner is told.
 */
void quota_full(struct txn *txn, struct rcpt *rcpt);

/* It was stored: remembers how full the mailbox is now. */
void quota_note(struct txn *txn, const struct rcpt *rcpt,
    const struct store_answer *answer);

#endif
