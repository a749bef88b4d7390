/*
 * fetcher/post.h - hands messages to lmtpd, several at a time.
 *
 * Sessions with remote servers read on while their messages are delivered:
 * each delivery waits for a disk. A few threads with a connection each serve
 * all sessions. Where the server offers XHAUSPOST, a letter carries its key,
 * under which a repeat is known and not stored again; so after a connection
 * that broke in the middle it is simply sent once more. Another server stores
 * it again, so there the sender does well to have few letters under way.
 *
 * Ownership: a letter and what it shows are the sender's, untouched from
 *            post_send() until post_wait() has given it back.
 * Threads:   any; a counter belongs to one session.
 */
#ifndef HAUSPOST_FETCHER_POST_H
#define HAUSPOST_FETCHER_POST_H

#include <pthread.h>

#include "core/smtpc.h"
#include "fetcher/message.h"

struct letter {
	struct letter *next;
	struct counter *counter;

	struct slice sender;
	struct slice recipient; /* a leaf */
	struct slice params;	/* of RCPT */
	struct slice hauspost;	/* of MAIL, for our own server only */
	bool first;		/* it has not been sent before */
	struct slice head;	/* lines above the message */
	const struct message *message;

	struct why why; /* the result */
	bool keyed;	/* the server has its key */
};

/* Letters of one session that are under way or back. */
struct counter {
	pthread_mutex_t lock;
	pthread_cond_t back;
	size_t under_way;
	size_t awaited; /* wake who waits when so few are under way */
	struct letter *done;
};

void counter_init(struct counter *counter);
void counter_done(struct counter *counter);

struct post;

struct post *post_start(const struct smtpc_options *options, size_t lanes);

/* Delivers what waits, and ends. NULL is fine. */
void post_stop(struct post *post);

void post_send(
    struct post *post, struct counter *counter, struct letter *letter);

size_t post_under_way(struct counter *counter);

/*
 * Waits until at most *under_way of the session's letters are not back, but
 * not longer than wait_ms; *under_way is then how many are not. The list of
 * those that are (by next), in no order; NULL: none.
 */
struct letter *post_wait(struct post *post, struct counter *counter,
    size_t *under_way, long wait_ms);

#endif
