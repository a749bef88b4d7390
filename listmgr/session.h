/*
 * listmgr/session.h - what one LMTP connection (core/lmtp.h) means here: its
 * messages are posts, commands and bounces, see listmgr/txn.h.
 *
 * Threads: one thread per session.
 */
#ifndef HAUSPOST_LISTMGR_SESSION_H
#define HAUSPOST_LISTMGR_SESSION_H

#include "listmgr/listmgr.h"

/* Serves fd until its end; fd stays the caller's. */
void session_serve(struct listmgr *listmgr, int fd);

#endif
