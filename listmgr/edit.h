/*
 * listmgr/edit.h - what a list changes on a post before it goes out.
 *
 * Fields that are not the author's to set are removed, those of RFC 2369,
 * 2919, 5064 and 8058 are added on top, and Subject, Reply-To, From and the
 * body become what the list wants. A list that wants nothing changes neither
 * body nor signed fields, so that the author's DKIM signature stays good.
 *
 * Who replies to whom is decided before From is rewritten, and rewriting only
 * adds to it: "reply" and "reply to all" reach the same people either way.
 *
 * Ownership: results live in the arena or point into the request's message.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_EDIT_H
#define HAUSPOST_LISTMGR_EDIT_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"
#include "core/why.h"

struct list;

struct edit_request {
	const struct list *list;
	struct slice message; /* header and body; lines end in LF */
	/* By which the archive knows the post, without < >; it becomes the
	 * post's own where it has none, and on an anonymous list. */
	struct slice message_id;
	struct slice node; /* our own name in Authentication-Results */
	unsigned long long number;
	bool verified;	 /* an aligned DKIM signature of the author is good */
	bool own_author; /* From is of a domain we sign for ourselves */
	bool strict;	 /* its DMARC policy wants that (listmgr/dmarc.h) */
};

enum edit_from { EDIT_KEPT, EDIT_MUNGED, EDIT_WRAPPED };

/*
 * A message in three pieces: between the first two belongs what
 * heading_unsubscribe() writes, which may differ from member to member.
 */
struct edited {
	struct slice top;
	struct slice fields; /* with the empty line */
	struct slice body;
	enum edit_from from;
};

/*
 * Whether request->strict decides anything, and for which domain; if not,
 * nobody needs to be asked for a policy.
 */
bool edit_asks_policy(struct arena *arena, const struct edit_request *request,
    struct slice *domain_out);

/*
 * MAIL_OK, or MAIL_PERMFAIL with why for the author: From would have to be
 * rewritten, but neither it nor Sender names just one author.
 */
enum verdict edit_post(struct arena *arena, const struct edit_request *request,
    struct edited *edited_out, struct why *why);

#endif
