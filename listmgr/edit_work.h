/*
 * listmgr/edit_work.h - what the parts of edit.c share about one post.
 *
 *	edit.c		what changes, and the fields as they go out
 *	edit_author.c	who wrote it, and whose From it gets
 *	edit_signed.c	whether the author's signature survives that
 *	edit_wrap.c	the post inside a message of the list
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LISTMGR_EDIT_WORK_H
#define HAUSPOST_LISTMGR_EDIT_WORK_H

#include "core/buf.h"
#include "core/entity.h"
#include "listmgr/edit.h"
#include "listmgr/footer.h"
#include "listmgr/list.h"
#include "sieve/address.h"

struct work {
	struct arena *arena;
	const struct edit_request *request;
	const struct list *list;
	struct entity message;
	/* Values as they stand, still folded; empty where there is none. */
	struct slice from, reply_to, cc;
	struct address author; /* or the Sender, where From names several */
	size_t n_authors;
	bool has_one_author;
	/* What the post gets instead; empty where it stays. */
	struct slice new_subject; /* decoded */
	struct slice new_reply_to, new_cc;
	struct footed footed;
	bool has_footer;
	bool breaks; /* the author's signature is no good afterwards */
	enum edit_from outcome;
};

/* --- edit.c --- */

/* A field that is not the author's to set, or no longer. */
bool edit_removes(const struct work *work, struct slice name);

/* The first field of that name, or an empty slice. */
struct slice edit_value(const struct work *work, struct slice name);

/* --- edit_author.c --- */

void edit_read_author(struct work *work);

/* Lets replies reach who they would have reached with the author's From. */
void edit_keep_repliers(struct work *work);

/* "From: "Name via List" <list>" */
void edit_add_from(struct work *work, struct buf *to);

/* Reply-To as the list wants it, before anybody rewrites From. */
void edit_plan_reply_to(struct work *work);

/* --- edit_signed.c --- */

/* A DKIM signature covers a field that is added or removed. */
bool edit_breaks_signature(const struct work *work);

/* --- edit_wrap.c --- */

enum verdict edit_wrap(
    struct work *work, struct edited *edited_out, struct why *why);

#endif
