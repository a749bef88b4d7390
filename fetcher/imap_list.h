/*
 * fetcher/imap_list.h - which folders an account has (RFC 3501 6.3.8).
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_LIST_H
#define HAUSPOST_FETCHER_IMAP_LIST_H

#include "fetcher/imap_session.h"

enum { IMAP_FOLDERS_MAX = 5000 };

struct imap_folder {
	struct slice name; /* in UTF-8 */
	struct slice raw;  /* as the server has it */
	char delimiter;	   /* between levels; NUL: there are none */
	bool aside; /* \Junk, \Trash, \Drafts: nobody's mail but theirs */
	bool trash;
	struct slice place; /* here; .p NULL: the account's */
};

/* A folder that somebody has named. */
struct imap_folder imap_list_named(struct arena *arena, struct slice name);

/*
 * All that hold messages of their own: not \Noselect ones, and not those that
 * show what is in others too (\All, \Flagged, \Important of RFC 6154, 8457).
 */
int imap_list(struct imap_session *session, struct imap_folder **folders_out,
    size_t *n_out);

#endif
