/*
 * lmtpd/front/deliver.h - carry out the plans of a transaction.
 *
 * This is where we take responsibility, per recipient (RFC 2033 4.2): a
 * result of MAIL_OK means the message is on disk, or the next server has it,
 * or its owner wants it discarded. On anything else it may have been stored
 * all the same; the retry finds that by the delivery's name.
 *
 * All stores of a message are under way together, then what leaves the house
 * follows one by one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_DELIVER_H
#define HAUSPOST_LMTPD_FRONT_DELIVER_H

#include "lmtpd/front/txn.h"

/* The message is complete: fills every recipient's why, logs, records. */
void deliver(struct txn *txn);

/* The peer has heard the results: what is done will not be tried again. */
void deliver_heard(struct txn *txn);

#endif
