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
 * Mostly the storer is not asked for the mailbox' own script: we go by the one
 * that was active last time, and what we ask it to store it stores only while
 * that is so (scripted.h). If it says no, the caller sets ask and runs again.
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
	FILTER_PLACE,	/* once, as it is, in the one place of the actions */
	FILTER_PLAN,	/* filter->actions; if ask, all but FILTER_NOTHING */
	FILTER_DEFER,	/* rcpt->why says why */
};

enum { FILTER_BOOKS_MAX = 16 }; /* scripts that run for one message */

struct filter {
	/* Filled by the caller, all else is 0. */
	struct txn *txn;
	struct rcpt *rcpt;
	struct slice head;   /* the fields that we write above the message */
	struct arena *arena; /* for this recipient only */
	bool ask;	     /* for the script, rather than to guess */

	struct scripts scripts; /* of the directory */
	struct library_book books[FILTER_BOOKS_MAX];
	struct sieve_program *programs[FILTER_BOOKS_MAX];
	size_t n_books, n_programs;
	struct library_book vacation;
	bool has_own; /* the mailbox has an active script, good or bad */
	bool guessed; /* … and that is only what we saw last: own */
	struct store_script own;

	struct view view;
	struct sieve_message *message;
	struct sieve_envelope envelope;
	struct sieve_environment environment;
	struct world world;

	const struct sieve_action *actions; /* in their order */
	const struct sieve_mark *duplicates;
};

enum filter_result filter_run(struct filter *filter);

void filter_done(struct filter *filter);

#endif
