/*
 * core/proto.h - LMTP on the wire (RFC 2033): octets in, events out.
 *
 * No socket and no meaning: the daemon, the unit test and the fuzzer feed it
 * alike, and however the octets are cut into pieces the same events come out.
 *
 * Commands end in CRLF and hold neither CR, LF nor NUL. Of a message only
 * CRLF.CRLF is the end (RFC 5321 4.1.1.4). Its text comes out with lines
 * ending in LF, as a Maildir wants them:
 *
 *	CRLF	one LF; a dot that begins the next line is unstuffed
 *	LF	alone: one LF, a line end to whoever reads the mail, but no
 *		place where a dot means anything
 *	CR	alone: a blank, or in front of CRLF it would make another
 *		line end on disk than on the wire
 *
 * Ownership: events show octets of the input or of the codec, until the next
 *            proto_next().
 * Threads:   one proto belongs to one thread.
 */
#ifndef HAUSPOST_CORE_PROTO_H
#define HAUSPOST_CORE_PROTO_H

#include "core/buf.h"
#include "core/slice.h"

/* RFC 5321 4.5.3.1.4 asks for 512 with CRLF, extensions add to it; an address
 * of ours in xtext is at most 1,700 octets. */
enum { PROTO_LINE_MAX = 4096 };

enum proto_kind {
	PROTO_NEED_MORE, /* all input was used up */
	PROTO_LINE,	 /* a command, without its CRLF */
	PROTO_LINE_BAD,	 /* one with a stray CR, LF or NUL; skipped */
	PROTO_LINE_LONG, /* one above PROTO_LINE_MAX; skipped */
	PROTO_TEXT,	 /* octets of the message */
	PROTO_TEXT_END,	 /* CRLF.CRLF; commands follow */
};

struct proto_event {
	enum proto_kind kind;
	struct slice octets; /* of PROTO_LINE and PROTO_TEXT */
};

enum proto_state {
	PROTO_IN_LINE,
	PROTO_SKIPPING,	 /* the rest of a line that is too long */
	PROTO_TEXT_BOL,	 /* message text behind a CRLF, or at its begin */
	PROTO_TEXT_DOT,	 /* a dot came there */
	PROTO_TEXT_LAST, /* a dot and a CR */
	PROTO_TEXT_CR,
	PROTO_IN_TEXT,
};

struct proto {
	enum proto_state state;
	struct buf line; /* of a command that came in pieces */
};

void proto_init(struct proto *proto);
void proto_done(struct proto *proto);

/* Takes octets off the front of *in and tells what they are. */
struct proto_event proto_next(struct proto *proto, struct slice *in);

/* DATA was answered with 354: what follows is the text of a message. */
void proto_start_text(struct proto *proto);

#endif
