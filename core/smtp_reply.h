/*
 * core/smtp_reply.h - take one reply of an SMTP or LMTP server apart
 * (RFC 5321 4.2, enhanced codes RFC 2034). Octets in, a reply out; the
 * socket stays with the caller.
 */
#ifndef HAUSPOST_CORE_SMTP_REPLY_H
#define HAUSPOST_CORE_SMTP_REPLY_H

#include <sys/types.h>

#include "core/slice.h"
#include "core/why.h"

enum {
	SMTP_REPLY_MAX = 16384, /* all lines; longer ones are no SMTP */
};

struct smtp_reply {
	int code;	    /* 200 to 599 */
	struct slice dsn;   /* "4.2.2", or empty */
	struct slice text;  /* of the last line, without codes */
	struct slice lines; /* all octets of the reply */
};

/*
 * Reads the reply at the front of input. Returns its octets, 0 when it is
 * not complete yet, -EPROTO when it is no reply. Slices point into input.
 */
ssize_t smtp_reply_parse(struct slice input, struct smtp_reply *reply_out);

/* The next line of a multi-line reply, without code and line end. */
bool smtp_reply_line(struct slice *lines, struct slice *line_out);

/*
 * The id that a server like Postfix has given a message, from the text of its
 * last reply: "Ok: queued as 4YxXyZ1bTdzBrH2". Empty: it says none.
 */
struct slice smtp_reply_queue_id(struct slice text);

/* What the server said, as our own verdict. */
enum verdict smtp_reply_why(const struct smtp_reply *reply, struct why *why);

#endif
