/*
 * fetcher/imap_messages.h - fetches messages of the selected folder, many with
 * one command.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_MESSAGES_H
#define HAUSPOST_FETCHER_IMAP_MESSAGES_H

#include "fetcher/imap_session.h"

struct imap_messages {
	struct item *items; /* by ascending uid */
	size_t n;
	uint64_t *sizes; /* by an item's place */
};

int imap_messages_fetch(
    struct imap_session *session, struct imap_messages *messages);

#endif
