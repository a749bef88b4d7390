/*
 * listmgr/issue.h - one issue of a digest: several posts as one message
 * (RFC 2046 5.1.5).
 *
 * Inside are the posts with the fields that a reader needs, and their bodies
 * as they were; of one that is too large only its header and where it can be
 * read. Nothing is rewritten in them: the digest is the list's own message.
 *
 * Ownership: the result lives in the caller's buf.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_ISSUE_H
#define HAUSPOST_LISTMGR_ISSUE_H

#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/slice.h"

struct list;

/* Larger posts are named only. */
enum { ISSUE_POST_MAX = 256 * 1024 };

struct issue_post {
	unsigned long long number;
	struct slice message; /* lines end in LF */
};

struct issue {
	const struct list *list;
	unsigned long long volume, number;
	int64_t now; /* Unix seconds */
	/* Letters and digits that nobody knew when he wrote a post: they part
	 * the posts, and name the message. */
	struct slice token;
	/* What stands above the contents and below the posts; UTF-8. */
	struct slice head, foot;
	const struct issue_post *posts;
	size_t n_posts;
};

/* "news-Digest, Band 2, Ausgabe 7" in the language of the list. */
struct slice issue_subject(struct arena *arena, const struct issue *issue);

/* Without < >. */
struct slice issue_message_id(struct arena *arena, const struct issue *issue);

/*
 * Appends the message but for heading_unsubscribe(), which belongs on top
 * of it and may differ from member to member. 0, or -EMSGSIZE when to is too
 * small.
 */
int issue_build(struct arena *arena, const struct issue *issue, struct buf *to);

#endif
