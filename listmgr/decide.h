/*
 * listmgr/decide.h - mail to moderators and owners. Handlers of
 * listmgr/mail.h.
 */
#ifndef HAUSPOST_LISTMGR_DECIDE_H
#define HAUSPOST_LISTMGR_DECIDE_H

#include "listmgr/mail.h"
#include "listmgr/petition.h"

/* MODERATE: the answer of a moderator to what waits. */
mail_handler decide_answer;

/* OWNER: to the owners, if the author is known; else it waits for them. */
mail_handler decide_owner;

/* The same for mail that came to another address of the list. */
enum verdict decide_owner_of(struct mail *mail, const struct petition *petition,
    const char *reason, struct why *why);

#endif
