/*
 * lmtpd/front/store.h - ask hauspost-storer to put messages into Maildirs.
 *
 * A pool of connections, since the storer serves the requests of one
 * connection one after the other. The stores of one message for several
 * mailboxes go out together over as many connections as are free, at least
 * one, at most STORE_TOGETHER_MAX.
 *
 * A request may be sent twice when a connection breaks (the storer was
 * restarted): names make that harmless, see lmtpd/store_record.h.
 *
 * Errors:    each job's why; MAIL_OK only when the message is on disk. What
 *            is unknown (no answer in time) is MAIL_TEMPFAIL.
 * Threads:   any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_STORE_H
#define HAUSPOST_LMTPD_FRONT_STORE_H

#include <stdbool.h>

#include "lmtpd/front/message.h"
#include "lmtpd/store_record.h"

enum {
	/* As many fsyncs at once fill a disk's queue; one message for 1,000
	 * mailboxes must not keep others waiting for connections. */
	STORE_TOGETHER_MAX = 16,
};

struct store;

/* Opens nothing yet; connections_max is reached under load only. */
struct store *store_new(
    const char *endpoint, int connections_max, long timeout_ms);
void store_free(struct store *store);

struct store_job {
	/* Filled by the caller: hints, mailbox, folder, name, flags, quota. */
	struct store_request request;
	struct slice head; /* fields above the message */

	struct store_answer answer; /* when why.verdict is MAIL_OK … */
	struct why why;		    /* … or its code is 452 4.2.2 */
};

/* Copies a text that fits; false (and nothing copied) if it does not. */
bool store_set_text(char *to, size_t size, struct slice text);

/* Stores message for all n jobs, which get their answers. */
void store_deliver(struct store *store, struct message *message,
    struct store_job *jobs, size_t n);

/* Makes home and Maildir of a new mailbox, if they are not there. */
enum verdict store_prepare(
    struct store *store, struct slice mailbox, struct why *why);

#endif
