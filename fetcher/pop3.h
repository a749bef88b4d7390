/*
 * fetcher/pop3.h - POP3 replies (RFC 1939): octets in, events out.
 *
 * No socket and no meaning, and however the octets are cut into pieces the
 * same events come out. Which replies have a text behind them only the
 * command tells, so the caller says it before each reply.
 *
 * Of a text only CRLF.CRLF is the end. Its lines come out ending in LF, each
 * dot at a begin removed once:
 *
 *	LF alone	a line end, but no place where a dot means anything:
 *			what a sender wrote can't end the message early
 *	CR alone	a blank, or before CRLF it would make another line end
 *
 * Ownership: events show octets of the input or of the codec, until the next
 *            pop3_next().
 * Threads:   one pop3 belongs to one thread.
 */
#ifndef HAUSPOST_FETCHER_POP3_H
#define HAUSPOST_FETCHER_POP3_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/slice.h"

/* RFC 1939 3 has 512; servers put more into their refusals. */
enum { POP3_LINE_MAX = 8192 };

enum pop3_kind {
	POP3_NEED_MORE, /* all input was used up */
	POP3_OK,	/* its words; then the text, if there is one */
	POP3_ERR,
	POP3_CONTINUE, /* "+ …": a step of AUTH (RFC 5034 4) */
	POP3_TEXT,
	POP3_TEXT_END,
	POP3_BROKEN, /* no POP3; nothing more is understood */
};

struct pop3_event {
	enum pop3_kind kind;
	struct slice octets; /* behind "+OK", or of the text */
};

enum pop3_state {
	POP3_IN_REPLY,
	POP3_TEXT_BOL,	/* behind a CRLF, or at its begin */
	POP3_TEXT_DOT,	/* a dot came there */
	POP3_TEXT_LAST, /* a dot and a CR */
	POP3_TEXT_CR,
	POP3_IN_TEXT,
	POP3_IS_BROKEN,
};

struct pop3 {
	enum pop3_state state;
	bool has_text;	 /* the next reply, when it is +OK */
	struct buf line; /* of a reply that came in pieces */
};

void pop3_init(struct pop3 *pop3);
void pop3_done(struct pop3 *pop3);

static inline void
pop3_expect(struct pop3 *pop3, bool has_text)
{
	pop3->has_text = has_text;
}

/* Takes octets off the front of *in and tells what they are. */
struct pop3_event pop3_next(struct pop3 *pop3, struct slice *in);

#endif
