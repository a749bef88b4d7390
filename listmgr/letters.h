/*
 * listmgr/letters.h - letters on their way out: rows of SQL become mails and
 * go to Postfix.
 *
 * A letter that Postfix took is marked at once; killed in between, it is sent
 * a second time, under the same Message-ID.
 *
 * Threads: one at a time.
 */
#ifndef HAUSPOST_LISTMGR_LETTERS_H
#define HAUSPOST_LISTMGR_LETTERS_H

#include "listmgr/listmgr.h"

/*
 * Sends what is due, LETTERS_PAGE at most. Returns how many it took up, or
 * -errno: the database is away.
 */
enum { LETTERS_PAGE = 50 };
int letters_send(const struct listmgr *listmgr, struct why *why);

#endif
