/*
 * listmgr/report.h - what a message to a bounce address says of a member's
 * mailbox (RFC 3464 in RFC 6522).
 *
 * Whom it is about is known by the address that it came to, not by its text:
 * anybody may write a text. So of a report with several recipients the worst
 * counts, and what is no report of a failure weighs nothing.
 *
 * Ownership: slices live in the arena; they are text (UTF-8), one line each.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_REPORT_H
#define HAUSPOST_LISTMGR_REPORT_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

enum report_kind {
	REPORT_ANSWER, /* a person or an automatic reply: no report at all */
	REPORT_NOTICE, /* delayed, delivered, relayed, expanded */
	REPORT_POLICY, /* 5.7.x, 5.6.x: the post is to blame, or we are */
	REPORT_SIZE,   /* refused for its size, and it was large */
	REPORT_SOFT,   /* full, expired, and what nobody can tell */
	REPORT_HARD,   /* there is no such mailbox */
	REPORT_KINDS
};

struct report_source {
	struct slice message;	       /* lines end in LF or CRLF */
	bool null_sender;	       /* of the envelope */
	unsigned long long post_bytes; /* size of the post it is about, or 0 */
};

struct report {
	enum report_kind kind;
	double weight;		 /* 0, 0.5 or 1 */
	struct slice status;	 /* "5.1.1"; empty where it says none */
	struct slice recipient;	 /* as the report names it, or empty */
	struct slice diagnostic; /* the server's words, cut to REPORT_WORDS */
};

enum { REPORT_WORDS = 300 };

void report_read(struct arena *arena, const struct report_source *source,
    struct report *report_out);

/* "answer", "notice", … as SQL and logs spell them. */
const char *report_kind_name(enum report_kind kind);

#endif
