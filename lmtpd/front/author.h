/*
 * lmtpd/front/author.h - tell the owner of a mailbox what is wrong with its
 * scripts: a line in ~/.dovecot.sieve.log for each message concerned, and a
 * notice by mail once a day. That it can't be told is logged and keeps no
 * mail.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_AUTHOR_H
#define HAUSPOST_LMTPD_FRONT_AUTHOR_H

#include "lmtpd/front/txn.h"
#include "sieve/sieve.h"

/* In the script of that name, "" being the active one. */
void author_tell_error(struct txn *txn, const struct rcpt *rcpt,
    struct slice script, const struct sieve_error *error);

/* Anything else, as a sentence. */
void author_tell(struct txn *txn, const struct rcpt *rcpt, const char *text);

#endif
