/*
 * lmtpd/front/filter.h - what the scripts of a mailbox want done with a
 * message.
 *
 * In this order: defaults of node and domain, the mailbox' own active script,
 * defaults behind it, each while the mail is kept; then, if the mail was
 * stored or sent on, the mailbox' automatic reply. A script that fails never
 * loses mail: it is kept, and the owner is told. Only an answer that is not
 * to be had now (the database, the storer) defers.
 *
 * Where nothing is known of a script the storer is not asked for one: it finds
 * out when it stores (scripted.h).
 *
 * Nothing is done here but telling the owner: that is deeds.h.
 *
 * Ownership: filter_done() follows each filter_run(). The plan looks into the
 *            filter and its arena.
 * Threads:   one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_FILTER_H
#define HAUSPOST_LMTPD_FRONT_FILTER_H

#include "lmtpd/front/txn.h"
#include "lmtpd/front/view.h"
#include "lmtpd/front/world.h"

enum filter_result {
	FILTER_NOTHING, /* keep it in the INBOX as it is */
	FILTER_PLAN,	/* filter->actions */
	FILTER_DEFER,	/* rcpt->why says why */
};

enum { FILTER_BOOKS_MAX = 16 }; /* scripts that run for one message */

struct filter {
	struct txn *txn;
	struct rcpt *rcpt;
	struct arena *arena; /* for this recipient only */

	struct scripts scripts; /* of the directory */
	struct library_book books[FILTER_BOOKS_MAX];
	struct sieve_program *programs[FILTER_BOOKS_MAX];
	size_t n_books, n_programs;
	struct library_book vacation;
	bool has_own; /* the mailbox has an active script, good or bad */
	bool unasked; /* it may have one: the storer will see */

	struct view view;
	struct sieve_message *message;
	struct sieve_envelope envelope;
	struct sieve_environment environment;
	struct world world;

	const struct sieve_action *actions; /* in their order */
	const struct sieve_mark *duplicates;
};

/* head: the fields that we write above the message. */
enum filter_result filter_run(struct filter *filter, struct txn *txn,
    struct rcpt *rcpt, struct slice head, struct arena *arena);

void filter_done(struct filter *filter);

#endif
