/*
 * lmtpd/front/copies.h - the copies of a message that scripts want in folders
 * of the mailbox, all or none.
 *
 *	copies_stage()	all that the plan wants, on disk, seen by nobody
 *	copies_keep(), copies_file()	more of them
 *	copies_show()	now they are there
 *
 * A message for a folder that can't be is kept in the INBOX. What is for the
 * INBOX and its owner's recipes is left to them when all else is done: then the
 * job's answer has the error ECANCELED.
 *
 * Errors:    false, and the job's why and answer say why; copies_done() takes
 *            back what was not shown.
 * Threads:   one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_COPIES_H
#define HAUSPOST_LMTPD_FRONT_COPIES_H

#include "lmtpd/front/edited.h"

enum { COPIES_COMPLAINTS_MAX = 8 }; /* of one message; more say nothing new */

struct copies {
	struct filter *filter;
	struct store_job *job; /* the pattern, and in the end the result */
	struct edited edited;
	struct store_talk talk;
	size_t n_copies, n_stored, n_there;  /* planned; done; there before */
	bool for_procmail;		     /* what is kept in the INBOX */
	const struct sieve_edit *first_edit; /* of the first copy … */
	unsigned n_edits;		     /* … and others so far */
	/* Told at the end, when no connection to the storer is held. */
	const char *complaints[COPIES_COMPLAINTS_MAX];
	size_t n_complaints;
};

void copies_init(
    struct copies *c, struct filter *filter, struct store_job *job);

/*
 * The job leads to the one place of FILTER_PLACE, and is the caller's to run.
 * False: its why says why not.
 */
bool copies_place(struct filter *filter, struct store_job *job);

/* Also tells the complaints. */
void copies_done(struct copies *c);

bool copies_stage(struct copies *c);

/* In the INBOX as it came, unless there is a copy already. */
bool copies_keep(struct copies *c);

/*
 * A letter that was sent, as a message of its own. That it can't be filed is
 * logged: no reason to send it again.
 */
void copies_file(struct copies *c, const struct sieve_store *store,
    struct slice text, const char *kind);

void copies_show(struct copies *c);

/* For the script's author; text lives as long as the filter's arena. */
void copies_complain(struct copies *c, const char *text);

#endif
