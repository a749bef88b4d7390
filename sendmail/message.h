/*
 * sendmail/message.h - a message as programs hand it in: perhaps without some
 * header fields, perhaps with its recipients in the others.
 *
 * Lines may end in LF or CRLF, and stay as they are: core/smtpc.h makes them
 * what SMTP wants.
 *
 * Ownership: results live in the arena, or look into the text.
 */
#ifndef HAUSPOST_SENDMAIL_MESSAGE_H
#define HAUSPOST_SENDMAIL_MESSAGE_H

#include <stdio.h>
#include <time.h>

#include "core/arena.h"
#include "core/buf.h"

enum {
	MESSAGE_MAX = 256 << 20, /* twice what any node takes */
	MESSAGE_RECIPIENTS_MAX = 10000,
};

/* Who sends it, for the fields it lacks. */
struct message_author {
	struct slice address;	/* user@host */
	struct slice full_name; /* as people write it, or empty */
	const char *host;
	time_t now;
};

/* The header to send, the body behind it, and for whom it says it is. */
struct message {
	struct slice head, body;
	struct slice *recipients; /* of To, Cc, Bcc; or of Resent-… alone */
	size_t n_recipients;
};

/*
 * Reads up to the end, or to a line of just "." unless keep_dots. 0, -EMSGSIZE
 * or what reading failed with.
 */
int message_read(FILE *in, bool keep_dots, struct buf *text);

/*
 * Adds From, Date and Message-ID where they are missing, and takes Bcc out:
 * it is nobody's business.
 */
void message_compose(struct arena *arena, struct slice text,
    const struct message_author *author, struct message *message_out);

#endif
