/*
 * core/smtpc.h - hand messages to the next server, by SMTP or LMTP.
 *
 * Pipelined (RFC 2920): MAIL, all RCPTs and DATA leave in one write where
 * the server allows it, since on loopback a round trip costs more than the
 * work. Lines end in CRLF and dots are stuffed here, from messages whose
 * lines end in LF: a stray CR or LF can not end the data early.
 *
 * Responsibility: MAIL_OK for a recipient means the server took it over. On
 * a lost connection after the final dot the outcome is unknown: MAIL_TEMPFAIL,
 * and the caller's record of what it handed over must make a repeat harmless.
 *
 * Ownership: keeps nothing of a mail after smtpc_send().
 * Threads:   one connection belongs to one thread at a time.
 * Units:     octets, milliseconds.
 */
#ifndef HAUSPOST_CORE_SMTPC_H
#define HAUSPOST_CORE_SMTPC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/slice.h"
#include "core/why.h"

struct smtpc;

enum smtpc_protocol { SMTPC_SMTP, SMTPC_LMTP };

struct smtpc_options {
	enum smtpc_protocol protocol;
	const char *endpoint; /* core/endpoint.h */
	const char *helo;     /* our host name */
	long timeout_ms;      /* of silence, in every step */
};

/* A piece of a message: octets in memory, or in a file. */
struct smtpc_part {
	struct slice octets; /* used when fd is -1 */
	int fd;
	uint64_t offset, size; /* in fd */
};

#define SMTPC_OCTETS(s)                                                        \
	{                                                                      \
		.octets = (s), .fd = -1                                        \
	}

struct smtpc_rcpt {
	struct slice address; /* without <> */
	struct slice params;  /* "ORCPT=rfc822;… NOTIFY=…", or empty */
	struct why why;	      /* what became of it, after smtpc_send() */
};

struct smtpc_mail {
	struct slice sender; /* without <>; empty is the null sender */
	struct slice params; /* "SMTPUTF8 RET=HDRS", or empty */
	struct smtpc_rcpt *rcpts;
	size_t n_rcpts;
	const struct smtpc_part *parts;
	size_t n_parts;
};

/* Connects, reads the greeting, says EHLO or LHLO. 0, or -errno and why. */
int smtpc_open(const struct smtpc_options *options, struct smtpc **smtpc_out,
    struct why *why);

/* The server offered this keyword (XVERP, SMTPUTF8, DSN …) in its EHLO. */
bool smtpc_offers(const struct smtpc *smtpc, struct slice keyword);

/*
 * Hands one message over and fills each recipient's why. Parameters the
 * server did not offer are left out, except SMTPUTF8, which refuses.
 * Returns MAIL_OK when at least one recipient was taken, otherwise the
 * mildest of their verdicts (4 before 5) with the reason in why.
 */
enum verdict smtpc_send(
    struct smtpc *smtpc, struct smtpc_mail *mail, struct why *why);

/* Whether another mail can go over the same connection. */
bool smtpc_usable(const struct smtpc *smtpc);

/* Says QUIT when that is still possible, and closes. NULL is fine. */
void smtpc_close(struct smtpc *smtpc);

#endif
