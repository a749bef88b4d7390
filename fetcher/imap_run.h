/*
 * fetcher/imap_run.h - a session with an IMAP server (RFC 3501).
 *
 * Messages are read with BODY.PEEK[], so nobody sees there that we were here,
 * and named by UID within their folder's UIDVALIDITY. A folder is looked at
 * only when its UIDNEXT has moved. Then the session may stay, and wait for new
 * mail.
 */
#ifndef HAUSPOST_FETCHER_IMAP_RUN_H
#define HAUSPOST_FETCHER_IMAP_RUN_H

#include "fetcher/run.h"

/* 0, or negative with run->trouble. */
int imap_run(struct run *run);

#endif
