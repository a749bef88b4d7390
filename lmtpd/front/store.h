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

#include "core/message.h"

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

	struct store_answer answer; /* when why.verdict is MAIL_OK, or its
				     * error is not 0 */
	struct why why;
	int fd; /* that came with the answer: the caller's; -1 */
};

/* Copies a text that fits; false (and nothing copied) if it does not. */
bool store_set_text(char *to, size_t size, struct slice text);

/* Stores message for all n jobs, which get their answers. */
void store_deliver(struct store *store, struct message *message,
    struct store_job *jobs, size_t n);

/*
 * Several places that shall all have a message or none: a talk holds one
 * connection from the first store_stage() to store_talk_end(), which takes
 * back what store_commit() did not show.
 */
struct store_talk {
	struct store *store;
	int fd;
	bool taken; /* a connection, or the right to open one */
	size_t staged;
};

#define STORE_TALK_INIT(store)                                                 \
	{                                                                      \
		(store), -1, false, 0                                          \
	}

/* Keeps message for the job's place, seen by nobody; the result is its why. */
void store_stage(
    struct store_talk *talk, struct message *message, struct store_job *job);

/* Shows all. The answer is that of the last place. */
enum verdict store_commit(
    struct store_talk *talk, struct store_answer *answer_out, struct why *why);
void store_talk_end(struct store_talk *talk);

/*
 * What Sieve asks. 1 yes; 0 there is no such script or folder; -errno, why:
 * -ENOTSUP what is there leads out of the home, or is no file or folder.
 * store_script(): name "" is the active one; the descriptor is the caller's.
 */
int store_script(struct store *store, struct slice mailbox, struct slice name,
    int *fd_out, struct why *why);
int store_look(struct store *store, struct slice mailbox, struct slice folder,
    struct why *why);

/*
 * Letters for keywords, separated by blanks, where the request to leads to:
 * its mailbox, folder and hints.
 */
int store_keywords(struct store *store, const struct store_request *to,
    struct slice keywords, char letters[STORE_FLAGS_MAX + 1], struct why *why);

/* A line, which ends in LF, for ~/.dovecot.sieve.log. */
enum verdict store_log(struct store *store, struct slice mailbox,
    struct slice line, struct why *why);

/* Makes home and Maildir of a new mailbox, if they are not there. */
enum verdict store_prepare(
    struct store *store, struct slice mailbox, struct why *why);

#endif
