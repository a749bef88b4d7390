/*
 * listmgr/judge.h - what becomes of a message to the list's own address.
 *
 * The milter has asked the same (lists/listpolicy.h) while the sender was on
 * the line. What is refused only here, because it came with others or a
 * setting has just changed, goes back to authors who are who they say they
 * are, and to nobody else.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LISTMGR_JUDGE_H
#define HAUSPOST_LISTMGR_JUDGE_H

#include "listmgr/mail.h"

/* A post is distributed, held, refused or dropped. */
mail_handler judge_post;

#endif
