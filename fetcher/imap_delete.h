/*
 * fetcher/imap_delete.h - deletes in the selected folder what was delivered
 * here long enough ago.
 *
 * EXPUNGE deletes all that anybody has marked. So where the server has no UID
 * EXPUNGE (RFC 4315) it is only said when nothing is marked but ours.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_DELETE_H
#define HAUSPOST_FETCHER_IMAP_DELETE_H

#include "fetcher/imap_session.h"

/* folder: its name and UIDVALIDITY. */
int imap_delete(struct imap_session *session, const struct listing *folder);

#endif
