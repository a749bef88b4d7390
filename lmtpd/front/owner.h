/*
 * lmtpd/front/owner.h - tell the owner of a mailbox or an alias what is wrong
 * with his mail: once a day for each kind of trouble.
 */
#ifndef HAUSPOST_LMTPD_FRONT_OWNER_H
#define HAUSPOST_LMTPD_FRONT_OWNER_H

#include "lmtpd/front/txn.h"

/* kind: a word; body: for people, lines ending in LF. */
void owner_tell(struct txn *txn, const struct plan *plan, struct slice kind,
    const char *body);

#endif
