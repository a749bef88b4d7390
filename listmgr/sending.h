/*
 * listmgr/sending.h - a row of list_letters_take() becomes a mail in parts:
 * text, and the held mail or old posts that go with it.
 *
 * Ownership: parts look into what the sending owns until sending_done().
 * Threads:   one.
 */
#ifndef HAUSPOST_LISTMGR_SENDING_H
#define HAUSPOST_LISTMGR_SENDING_H

#include "listmgr/archive.h"
#include "listmgr/letter.h"
#include "listmgr/listmgr.h"

enum {
	SENDING_POSTS_MAX = 20, /* as hauspost.list_get_posts() */
	SENDING_PARTS_MAX = 2 * SENDING_POSTS_MAX + 2,
};

struct sending {
	const struct listmgr *listmgr;
	struct arena *arena;
	long long id, list, held;
	struct slice name, domain, kind;
	struct slice return_path; /* extension of the list; empty: null */
	struct slice own_subject, own_body;
	struct letter letter;
	struct letter_word *words;
	struct slice *posts;
	size_t n_posts;

	struct buf head, between, end; /* around the mails that go with it */
	struct archive_view views[SENDING_POSTS_MAX];
	size_t n_views;
	struct smtpc_part parts[SENDING_PARTS_MAX];
	size_t n_parts, size_bytes;
};

void sending_init(struct sending *sending, const struct listmgr *listmgr,
    struct arena *arena);

/* Of the columns of hauspost.list_envelope, in their order. */
void sending_read(
    struct sending *sending, const struct db_result *rows, int row);
void sending_done(struct sending *sending);

/* A word that its text may mention; empty where there is none. */
struct slice sending_word(const struct sending *sending, const char *name);

/* Makes the parts. 0 or -errno with why. */
int sending_compose(struct sending *sending, struct why *why);

#endif
