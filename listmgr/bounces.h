/*
 * listmgr/bounces.h - mail that comes back. Handlers of listmgr/mail.h.
 *
 * Whom a bounce is about is said by the address it came to, which carries a
 * signature of ours; what it means for a member is decided in SQL.
 */
#ifndef HAUSPOST_LISTMGR_BOUNCES_H
#define HAUSPOST_LISTMGR_BOUNCES_H

#include "listmgr/mail.h"

/* BOUNCE, BOUNCE_TOKEN: of a post. */
mail_handler bounces_post;

/* BOUNCE_PROBE: of a letter that asks whether a mailbox lives. */
mail_handler bounces_probe;

/* BOUNCE_LETTER: of another letter; a request that it asked about ends. */
mail_handler bounces_letter;

#endif
