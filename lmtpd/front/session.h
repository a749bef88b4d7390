/*
 * lmtpd/front/session.h - what one LMTP connection (core/lmtp.h) means here:
 * its messages are delivered, see lmtpd/front/txn.h.
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
