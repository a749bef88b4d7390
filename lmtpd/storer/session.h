/*
 * lmtpd/storer/session.h - one connection: request, answer, request …
 *
 * What may be asked is a table (session.c, operations); a malformed request
 * is answered with EINVAL and the connection goes on. When the peer closes,
 * what it had staged is abandoned.
 *
 * Threads: a session is one thread, with a file identity of its own.
 */
#ifndef HAUSPOST_LMTPD_STORER_SESSION_H
#define HAUSPOST_LMTPD_STORER_SESSION_H

#include "lmtpd/storer/storer.h"

/* Serves fd, a SOCK_SEQPACKET socket, until the peer or shutdown(2) ends it. */
void session_run(struct storer *storer, int fd);

#endif
