/*
 * listmgr/footer.h - a footer under a message of any MIME structure.
 *
 * What the author wrote stays as it is, octet for octet, unless it is one
 * text that must be encoded anew to hold the footer:
 *
 *	text/plain		the footer below "-- ", in its charset if that
 *				has the characters, else both in UTF-8
 *	multipart/mixed		one more part before the closing boundary
 *	signed, encrypted	nothing
 *	anything else		becomes the first of two parts
 *
 * Ownership: results live in the arena or point into the message.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_FOOTER_H
#define HAUSPOST_LISTMGR_FOOTER_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct footed {
	/* Instead of the message's Content-… fields; empty: they stay. */
	struct slice fields;
	struct slice body;
};

/*
 * message and footer (UTF-8) with lines ending in LF. False when the message
 * takes no footer.
 */
bool footer_add(struct arena *arena, struct slice message, struct slice footer,
    struct footed *footed_out);

#endif
