/*
 * lmtpd/front/include.h - send a message to the members of an alias'
 * :include: file.
 *
 * All members that the message has not reached yet go out in one transaction,
 * so that two of them that lead to one mailbox get one copy. The sender is the
 * file's owner, as OWNER+bounces@NODE: he made the list, so bounces are his,
 * not the poster's. Where the alias has the owner's name, a bounce comes here
 * again, and is known by this address.
 *
 * A file that can not be read, or has nobody in it, may be there again at the
 * next attempt: 4xx, and its owner is told.
 */
#ifndef HAUSPOST_LMTPD_FRONT_INCLUDE_H
#define HAUSPOST_LMTPD_FRONT_INCLUDE_H

#include "lmtpd/front/program.h"
#include "lmtpd/front/reinject.h"

/* Where bounces of what a plan sends out go. */
struct slice include_bounce_address(
    struct arena *arena, const struct plan *plan, struct slice node);

/* Carries out PLAN_INCLUDE; the result is in rcpt->why. */
void include_deliver(const struct programs *programs, struct reinject *reinject,
    struct rcpt *rcpt);

#endif
