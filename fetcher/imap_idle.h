/*
 * fetcher/imap_idle.h - waits in a session for new mail (RFC 2177).
 *
 * One folder is watched, INBOX where it is fetched at all. The wait is begun
 * anew before anybody on the way forgets the connection, and each time all
 * folders are looked at. It ends when the account is wanted otherwise, when
 * there are too many that wait, or when the server hangs up; then the account
 * is looked at from time to time, as others are.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_IDLE_H
#define HAUSPOST_FETCHER_IMAP_IDLE_H

#include "fetcher/imap_list.h"

struct imap_idle {
	struct imap_session *s;
	const struct imap_folder *folder;
	int (*look)(struct imap_session *session); /* at all folders */
};

/* gone_out: the server has hung up, so there is nobody to say LOGOUT to. */
int imap_idle(const struct imap_idle *idle, bool *gone_out);

#endif
