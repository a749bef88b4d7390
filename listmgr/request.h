/*
 * listmgr/request.h - commands by mail: subscribe, leave, confirm, change,
 * help, old posts. Handlers of listmgr/mail.h.
 *
 * What a command does is done by a function in SQL that the web pages use as
 * well; here is decided whether this mail may ask for it at all.
 */
#ifndef HAUSPOST_LISTMGR_REQUEST_H
#define HAUSPOST_LISTMGR_REQUEST_H

#include "listmgr/mail.h"

/* SUBSCRIBE, UNSUBSCRIBE, SET. */
mail_handler request_change;

/* CONFIRM: consent of whoever reads the mailbox. */
mail_handler request_confirm;

/* HELP, REQUEST: the text, or what a word in the mail asks for. */
mail_handler request_help;

/* GET: posts of the archive. */
mail_handler request_get;

#endif
