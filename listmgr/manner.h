/*
 * listmgr/manner.h - whether a mail may be answered, and who asks by it.
 *
 * Two machines that answer each other never stop, and an answer to a forged
 * sender hits somebody who has not written. So what a machine, a list or
 * nobody wrote is not answered (RFC 3834 section 2), and never taken for a
 * person's consent: an absence notice to a letter of ours would else confirm
 * what it asks.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LISTMGR_MANNER_H
#define HAUSPOST_LISTMGR_MANNER_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct manner {
	struct slice header;
	struct slice sender;	   /* of the envelope; empty: null */
	struct slice name, domain; /* of the list */
};

/* Why no person has written this by hand, or NULL. */
const char *manner_automatic(const struct manner *mail);

/* Why it gets no answer, which includes the above, or NULL. */
const char *manner_unanswerable(struct arena *arena, const struct manner *mail);

/*
 * The address for which mail with this envelope sender and From asks: From
 * where both are alike, are in one domain, or where it is verified that From
 * wrote it. Empty: nobody's.
 */
struct slice manner_asker(
    struct slice sender, struct slice from, bool verified);

#endif
