/*
 * core/lmtp.h - the server's side of one LMTP connection (RFC 2033), from
 * greeting to QUIT.
 *
 * Reads blockingly, answers in one write per batch of pipelined commands.
 * Commands behind the end of a message wait until every recipient of it has
 * its reply (RFC 2033 4.2, RFC 2920). What a sender, a recipient and a message
 * are is the program's business; here is the order in which they may come.
 *
 * When the program is to end, a session that is between messages says 421;
 * one that has begun a message may finish it.
 *
 * Threads: one thread per session.
 */
#ifndef HAUSPOST_CORE_LMTP_H
#define HAUSPOST_CORE_LMTP_H

#include <stdbool.h>

#include "core/command.h"
#include "core/slice.h"
#include "core/why.h"

struct lmtp;

/* What all sessions of a program have in common. */
struct lmtp_host {
	const char *name; /* of this machine */
	long idle_timeout_ms;
	long size_max_bytes;
	int stop_fd; /* readable for ever once the program is to end */
};

/*
 * What the program does. Each is called with the guest of the session. Those
 * marked * may be NULL.
 */
struct lmtp_service {
	const char *offers; /* more lines of LHLO's reply, "250-…\r\n"; "" */

	/* *Another verdict than MAIL_OK: said instead of the greeting. */
	enum verdict (*greet)(void *guest, struct why *why);
	void (*hello)(void *guest, struct slice peer);

	/* *Who brought the message to the peer; NULL: XFORWARD is refused. */
	struct command_xforward *(*client)(void *guest);

	/* MAIL and RCPT with what stands behind the verb; why is the reply. */
	enum verdict (*mail)(void *guest, struct slice args, struct why *why);
	enum verdict (*rcpt)(void *guest, struct slice args, struct why *why);

	/* The message, piece by piece, and its end, at which lmtp_say() is
	 * called for each accepted recipient in their order. */
	void (*text)(void *guest, struct slice text);
	void (*end)(void *guest, struct lmtp *lmtp);

	/* *The peer has read all replies of the message before. */
	void (*heard)(void *guest);

	/* Forget sender, recipients and message. */
	void (*reset)(void *guest);

	/* The peer went away between MAIL and the last reply. */
	void (*lost)(void *guest, const char *state, const char *detail);
};

/* Serves fd until its end; fd stays the caller's. */
void lmtp_serve(const struct lmtp_host *host,
    const struct lmtp_service *service, void *guest, int fd);

/* For lmtp_service.end: the reply for the next recipient. */
void lmtp_say(struct lmtp *lmtp, const struct why *why);

/* Says 421 to a connection for which there is no room. */
void lmtp_turn_away(int fd);

#endif
