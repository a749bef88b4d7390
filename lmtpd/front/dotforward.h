/*
 * lmtpd/front/dotforward.h - do what the owner of a mailbox wrote into his
 * ~/.forward, where the directory says that it counts.
 *
 *	anna@example.org	goes there, with a sender of the address that
 *				was written to
 *	|program		is run, as the mailbox' user
 *	\name, the own name	stays here, with procmail or Sieve as usual
 *	/dev/null		is done with it
 *
 * No file, an empty one, or one that must not be believed (others may write
 * it): as without. Whatever else we do not understand keeps a copy in the
 * mailbox, and the owner is told.
 */
#ifndef HAUSPOST_LMTPD_FRONT_DOTFORWARD_H
#define HAUSPOST_LMTPD_FRONT_DOTFORWARD_H

#include "lmtpd/front/program.h"
#include "lmtpd/front/reinject.h"

/*
 * rcpt->why has the result, or says nothing: then it is for the mailbox, and
 * its plan is still to be carried out.
 */
void dotforward_follow(const struct programs *programs,
    struct reinject *reinject, struct rcpt *rcpt);

#endif
