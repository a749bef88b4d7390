/*
 * lmtpd/front/gather.h - below filter.h: which scripts a mailbox has.
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_GATHER_H
#define HAUSPOST_LMTPD_FRONT_GATHER_H

#include "lmtpd/front/filter.h"

/*
 * Those that run one after the other, into filter->books. The owner hears of
 * an own one that is no good, the log of a default. 0, or -errno and the
 * recipient's why: not to be had now.
 */
int gather_scripts(struct filter *filter);

/* After a guess: asks the storer. False also when it does not answer. */
bool gather_guessed_right(const struct filter *filter);

/* The mailbox' automatic reply, or NULL. */
const struct script *gather_vacation(const struct filter *filter);

/* A compiled script of the directory; false, and logged: it has errors. */
bool gather_default(struct filter *filter, const struct script *script,
    struct library_book *book_out);

#endif
