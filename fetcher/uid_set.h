/*
 * fetcher/uid_set.h - UIDs as IMAP commands want them: "1:3,7".
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_FETCHER_UID_SET_H
#define HAUSPOST_FETCHER_UID_SET_H

#include <stdint.h>

#include "core/buf.h"

enum {
	/* Some servers refuse command lines above 1,000 octets. */
	UID_SET_TEXT_MAX = 800,
};

/*
 * Adds the front of n ascending uids to *set, as far as they fit. Returns how
 * many.
 */
size_t uid_set_add(struct buf *set, const uint32_t *uids, size_t n);

#endif
