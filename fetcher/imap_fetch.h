/*
 * fetcher/imap_fetch.h - what "* 12 FETCH (…)" says, item by item.
 *
 * Items come in any order, with others that nobody asked for between them,
 * and the body perhaps before the UID. Other responses pass by.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_FETCHER_IMAP_FETCH_H
#define HAUSPOST_FETCHER_IMAP_FETCH_H

#include <stdbool.h>
#include <time.h>

#include "fetcher/imap.h"

enum imap_fetch_kind {
	IMAP_FETCH_NOTHING,
	IMAP_FETCH_BODY, /* the event's octets belong to the message */
	IMAP_FETCH_DONE, /* the fields below are complete */
};

enum imap_fetch_key {
	IMAP_KEY_NONE,
	IMAP_KEY_UID,
	IMAP_KEY_SIZE,
	IMAP_KEY_DATE,
	IMAP_KEY_FLAGS,
	IMAP_KEY_OTHER,
};

struct imap_fetch {
	unsigned words; /* of the response, until the parenthesis */
	bool is_fetch;
	unsigned depth;
	enum imap_fetch_key key; /* whose value is next */

	uint64_t uid, size;
	time_t date;   /* INTERNALDATE; 0: not told */
	char flags[8]; /* Maildir's letters in their order */
	bool has_body;
};

struct imap_fetch imap_fetch_start(void);

enum imap_fetch_kind imap_fetch_take(
    struct imap_fetch *fetch, const struct imap_event *event);

/* "24-Nov-2026 08:00:00 +0000"; 0 when it is none. */
time_t imap_fetch_date(struct slice text);

#endif
