/*
 * listmgr/post.h - a message that may be posted: its number, its way out.
 *
 * On MAIL_OK the message is in the archive and its row is committed; the
 * fan-out does the rest. A repeat of a post that was taken before, whose
 * answer got lost, is known by its Message-ID and dropped.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LISTMGR_POST_H
#define HAUSPOST_LISTMGR_POST_H

#include "listmgr/mail.h"

enum verdict post_distribute(struct mail *mail, struct why *why);

#endif
