/*
 * listmgr/petition.h - what commands by mail need to know of their mail.
 *
 * Ownership: texts live in the arena of the mail; all are UTF-8.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_PETITION_H
#define HAUSPOST_LISTMGR_PETITION_H

#include "listmgr/mail.h"
#include "listmgr/summary.h"

struct petition {
	struct summary summary;
	struct slice header;
	struct slice asker;    /* empty: nobody can be asked back */
	struct slice source;   /* "mail <ID>", for the proof */
	struct slice answers;  /* Message-ID with < > */
	struct slice language; /* "de" or "en"; NULL where it says neither */
	bool verified;	       /* From wrote it, as our filters say */
	const char *automatic, *unanswerable; /* listmgr/manner.h */
};

void petition_read(const struct mail *mail, struct petition *petition_out);

/*
 * Logs that nothing is done, and why. MAIL_OK: a machine that is told so by a
 * bounce would answer to that.
 */
enum verdict petition_ignore(
    const struct mail *mail, const char *reason, struct why *why);

/* The same for what was done. */
enum verdict petition_done(const struct mail *mail,
    const struct petition *petition, const char *outcome, struct why *why);

#endif
