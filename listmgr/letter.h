/*
 * listmgr/letter.h - a letter of a list to one person, as a mail.
 *
 * A text is a file: "Subject: …", an empty line, the body, with {words} that
 * are filled in. A line with a word that is empty is left out: what a list
 * does not have, such as pages, its texts do not mention. An unknown word
 * stays as it stands, so that its author sees it.
 *
 * Letters tell machines that a machine wrote them, so that none answers
 * (RFC 3834).
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LISTMGR_LETTER_H
#define HAUSPOST_LISTMGR_LETTER_H

#include <stdbool.h>
#include <time.h>

#include "core/buf.h"

struct letter_word {
	struct slice name, text;
};

struct letter {
	struct slice text;
	const struct letter_word *words;
	size_t n_words;
	struct slice from, to;	 /* addresses */
	struct slice reply_to;	 /* empty: none */
	struct slice message_id; /* without < > */
	struct slice answers;	 /* with < >; empty: it answers nothing */
	struct slice list;	 /* its address */
	struct slice list_id;	 /* empty: the letter is not about receiving */
	struct slice leave;	 /* address for leaving, goes with list_id */
	struct slice language;	 /* de or en */
	time_t date;
	bool replied;	      /* somebody's mail caused it */
	const char *boundary; /* parts follow; NULL: none */
};

/* Adds text with its words filled in. */
void letter_fill(struct buf *to, struct slice text,
    const struct letter_word *words, size_t n_words);

/* Adds header and body, the latter as first part where there is a boundary. */
void letter_compose(struct buf *to, const struct letter *letter);

/* Adds what stands before another mail that follows as a part. */
void letter_add_mail(struct buf *to, const char *boundary);

/* Adds the end behind the last part. */
void letter_end(struct buf *to, const char *boundary);

#endif
