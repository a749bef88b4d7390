/*
 * fetcher/imap_rules.h - which folders are fetched, and where each goes, as
 * fetch_account.folders says it:
 *
 *	INBOX		this one, to where the account's mail goes
 *	Lists*		all that begin so
 *	Work=Job/Work	to a folder of its own here, past the filters
 *	Sent=INBOX	to INBOX, through the filters
 *	Spam=-		not at all
 *
 * The first that fits counts.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_FETCHER_IMAP_RULES_H
#define HAUSPOST_FETCHER_IMAP_RULES_H

#include <stdbool.h>

#include "core/arena.h"

struct imap_rule {
	struct slice pattern;
	struct slice target; /* .p NULL: none is said */
};

/* Whether the folders are plain names, of which each must exist. */
bool imap_rules_plain(const struct slice *folders, size_t n);

struct imap_rule imap_rules_read(struct slice folder);

/* * stands for any octets. */
bool imap_rules_fits(struct slice pattern, struct slice name);

/*
 * Whether a folder is fetched; then where it goes (.p NULL: as the account
 * has it, empty: INBOX with filters). aside: only its own name takes it.
 */
bool imap_rules_find(struct arena *arena, const struct slice *folders, size_t n,
    struct slice name, bool aside, struct slice *place_out);

#endif
