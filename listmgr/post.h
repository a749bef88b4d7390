/*
 * listmgr/post.h - a post is let through, held, refused or dropped.
 *
 * On MAIL_OK the message is in the archive and its row is committed (or it
 * was to be dropped); the fan-out does the rest. A repeat of a post that was
 * taken before, whose answer got lost, is known by its Message-ID.
 */
#ifndef HAUSPOST_LISTMGR_POST_H
#define HAUSPOST_LISTMGR_POST_H

#include "listmgr/mail.h"

mail_handler post_take;

/* A message that passed: its number, its way out. */
enum verdict post_distribute(struct mail *mail, struct why *why);

#endif
