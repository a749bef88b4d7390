/*
 * fetcher/imap_delete.h - deletes in the selected folder what was delivered
 * here long enough ago, or moves it away, or marks it.
 *
 * EXPUNGE deletes all that anybody has marked. So where the server has no UID
 * EXPUNGE (RFC 4315) it is only said when nothing is marked but ours.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_DELETE_H
#define HAUSPOST_FETCHER_IMAP_DELETE_H

#include "fetcher/imap_messages.h"

/* To the account's move_to; Gmail has a trash for what is to be deleted.
 * folder: its name and UIDVALIDITY. */
int imap_delete(struct imap_session *session, const struct listing *folder);

/* Those that were delivered in this run get \\Seen. */
int imap_mark_read(
    struct imap_session *session, const struct imap_messages *messages);

#endif
