/*
 * lmtpd/front/deeds.h - carry out what a mailbox' scripts want done.
 *
 * First every copy for the mailbox' folders is staged, on disk but seen by
 * nobody; then what leaves the house is handed over, once; then the copies
 * are shown. Any failure before that takes all of them back and defers the
 * message, whose retry repeats nothing that left. Only then are duplicates
 * marked. So mail that a script wants kept is never lost because something
 * else of it worked.
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_DEEDS_H
#define HAUSPOST_LMTPD_FRONT_DEEDS_H

#include "lmtpd/front/filter.h"
#include "lmtpd/front/reinject.h"

/*
 * job: how the message would go into the INBOX. Its why and answer say what
 * became of all of it; usage in the answer is negative when nothing was
 * stored.
 */
void deeds_do(
    struct filter *filter, struct reinject *reinject, struct store_job *job);

#endif
