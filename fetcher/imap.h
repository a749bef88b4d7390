/*
 * fetcher/imap.h - IMAP responses (RFC 3501 7, RFC 9051): octets in, events
 * out.
 *
 * No socket and no meaning, and however the octets are cut into pieces the
 * same events come out. A response is one of
 *
 *	* OK text, A1 NO text	IMAP_STATUS
 *	+ text			IMAP_CONTINUE
 *	* anything else		IMAP_ATOM, IMAP_STRING … IMAP_END
 *
 * A literal's octets are counted, never searched: what looks like a reply in
 * a message ends nothing. The value behind BODY[…] comes in pieces, since it
 * is a message; every other string comes whole.
 *
 * Ownership: events show octets of the input or of the codec, until the next
 *            imap_next().
 * Threads:   one imap belongs to one thread.
 */
#ifndef HAUSPOST_FETCHER_IMAP_H
#define HAUSPOST_FETCHER_IMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/slice.h"

enum {
	IMAP_TOKEN_MAX = 64 * 1024, /* of one atom, string or status */
	IMAP_DEPTH_MAX = 20,	    /* of parentheses */
};

enum imap_kind {
	IMAP_NEED_MORE, /* all input was used up */
	IMAP_STATUS,
	IMAP_CONTINUE,
	IMAP_ATOM, /* also numbers, flags, BODY[HEADER] with its brackets */
	IMAP_STRING,
	IMAP_NIL,
	IMAP_OPEN, /* ( */
	IMAP_CLOSE,
	IMAP_BODY, /* octets of the value of BODY[…] */
	IMAP_BODY_END,
	IMAP_END,    /* of an untagged response */
	IMAP_BROKEN, /* no IMAP; nothing more is understood */
};

struct imap_event {
	enum imap_kind kind;
	struct slice text; /* atom, string, octets; of a status all behind OK */
	/* Of a status: */
	struct slice tag;  /* "*", or the command's */
	struct slice word; /* OK, NO, BAD, BYE, PREAUTH */
};

enum imap_state {
	IMAP_AT_BEGIN, /* of a response */
	IMAP_IN_LINE,  /* a tag, a status or "+": wanted as a whole line */
	IMAP_BETWEEN,
	IMAP_IN_ATOM,
	IMAP_IN_QUOTED,
	IMAP_IN_ESCAPE, /* behind a backslash in it */
	IMAP_IN_COUNT,	/* of a literal */
	IMAP_COUNT_CR,	/* behind its } */
	IMAP_COUNT_LF,
	IMAP_IN_LITERAL,
	IMAP_IS_BROKEN,
};

struct imap {
	enum imap_state state;
	struct buf token; /* of what came in pieces */
	bool shown;	  /* its octets were an event's */
	bool body;	  /* the next value is that of BODY[…] */
	bool in_brackets;
	unsigned depth;
	uint64_t literal; /* octets left of it */
	uint64_t literal_max;
};

/* literal_max: of a message; a longer one is no longer understood. */
void imap_init(struct imap *imap, uint64_t literal_max);
void imap_done(struct imap *imap);

/* Takes octets off the front of *in and tells what they are. */
struct imap_event imap_next(struct imap *imap, struct slice *in);

#endif
