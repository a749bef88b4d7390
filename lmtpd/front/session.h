/*
 * lmtpd/front/session.h - one LMTP connection, from greeting to QUIT.
 *
 * Reads blockingly, answers in one write per batch of pipelined commands.
 * Commands behind the end of a message wait until every recipient of it has
 * its reply (RFC 2033 4.2, RFC 2920).
 *
 * When the worker is to end, a session that is between messages says 421; one
 * that has begun a message may finish it.
 *
 * Threads: one thread per session.
 */
#ifndef HAUSPOST_LMTPD_FRONT_SESSION_H
#define HAUSPOST_LMTPD_FRONT_SESSION_H

#include <stdbool.h>

#include "lmtpd/front/lmtpd.h"

/* Who may be at the other end; that is the socket he came by. */
enum peer {
	PEER_QUEUE,   /* Postfix */
	PEER_TRUSTED, /* our own programs: XHAUSPOST */
	PEER_USER,    /* a user's program, for his own mailbox only */
	PEERS
};

/* Serves fd until its end; fd stays the caller's. */
void session_serve(struct lmtpd *lmtpd, int fd, enum peer peer);

/* Says 421 to a connection for which there is no room. */
void session_turn_away(const struct lmtpd *lmtpd, int fd);

#endif
