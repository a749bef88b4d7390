/*
 * lmtpd/storer/keywords.h - letters for IMAP keywords in a Maildir folder.
 *
 * Dovecot keeps in the file dovecot-keywords of each folder which keyword the
 * letters a to z in a message's name stand for: lines of a number, a blank and
 * the keyword. A new keyword is written there before a message has its letter,
 * as Dovecot does it: all of it anew into dovecot-keywords.lock, which then
 * takes the file's place.
 *
 * Keywords are worth no deferral: one for which there is no letter, because
 * the lock stays taken or all 26 are in use, is left out.
 *
 * Threads: any; keywords_plan() is a pure function.
 */
#ifndef HAUSPOST_LMTPD_STORER_KEYWORDS_H
#define HAUSPOST_LMTPD_STORER_KEYWORDS_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/slice.h"

enum {
	KEYWORDS_MAX = 26,
	KEYWORD_OCTETS_MAX = 100, /* longer ones are no keyword for us */
	KEYWORDS_LETTERS = KEYWORDS_MAX + 1,
	KEYWORDS_FILE_MAX = 64 * 1024,
};

/*
 * Letters of the wanted keywords (separated by blanks), ascending, by what the
 * file holds. Lines for those that are new go to append; NULL: leaves them out.
 */
void keywords_plan(struct slice file, struct slice wanted, struct buf *append,
    char letters[KEYWORDS_LETTERS]);

/* The same for a folder's directory, with new ones written down. */
void keywords_letters(
    int folder_fd, struct slice wanted, char letters[KEYWORDS_LETTERS]);

#endif
