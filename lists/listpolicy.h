/*
 * lists/listpolicy.h - may this message be posted on this list?
 *
 * The milter asks while the sender is still on the line, and refuses what is
 * refused; the list manager asks again, and holds or drops the rest. One
 * answer for both, so no post is taken that would be sent back.
 *
 * A post that another list sends on is that list's, not its author's.
 *
 * Steps in their order, the first that says something decides: written by a
 * machine; a loop; the list's emergency; a ban; size; a command that went to
 * the wrong address; an answer to a digest under its subject; the list is in
 * neither To nor Cc; too many recipients; rules on headers; spam; and then who
 * the author is.
 *
 * The author is who stands in From. Where our filters check senders and could
 * not verify this one, privileges are worth nothing: From is easy to forge.
 *
 * Ownership: the answer lives in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTS_LISTPOLICY_H
#define HAUSPOST_LISTS_LISTPOLICY_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"
#include "core/why.h"

enum listpolicy_action {
	LISTPOLICY_ACCEPT,
	LISTPOLICY_HOLD,
	LISTPOLICY_REJECT,
	LISTPOLICY_DISCARD,
	LISTPOLICY_ACTIONS
};

/* "accept", "hold", "reject", "discard". */
const char *listpolicy_action_name(enum listpolicy_action action);

/* Who may do more stands further down. */
enum listpolicy_author {
	LISTPOLICY_STRANGER,
	LISTPOLICY_ALLOWED, /* no member, but may post like one */
	LISTPOLICY_MEMBER,
	LISTPOLICY_POSTER,
	LISTPOLICY_MODERATOR,
	LISTPOLICY_OWNER,
	LISTPOLICY_AUTHORS
};

enum listpolicy_mode {
	LISTPOLICY_OPEN,
	LISTPOLICY_MEMBERS,
	LISTPOLICY_MODERATED,
	LISTPOLICY_ANNOUNCE,
	LISTPOLICY_MODES
};

struct listpolicy_rule {
	enum listpolicy_action action;
	struct slice header, pattern; /* POSIX extended, without case */
	bool negate;
};

/* What is set for a list, and known of the author (hauspost.list_policy). */
struct listpolicy {
	long long id;
	struct slice address, list_id;
	bool german; /* its language; else English */
	enum listpolicy_mode mode;
	enum listpolicy_action nonmember, spam;
	bool hold, allow_bcc, banned;
	long long max_size, max_recipients; /* 0 recipients: any number */
	enum listpolicy_author author;
	long long held_posts_left;
	const struct listpolicy_rule *rules;
	size_t n_rules;
};

/* What is known of the message. */
struct listpolicy_post {
	struct slice sender; /* of the envelope; empty: null */
	struct slice header; /* lines end in LF */
	struct slice body;   /* its begin at least; n == 0: not known */
	unsigned long long size_bytes;
	bool is_spam;
	bool checked;  /* our filters check senders … */
	bool verified; /* … and this one is who From says */
};

struct listpolicy_answer {
	enum listpolicy_action action;
	const char *reason; /* a word for the log and for moderators' texts */
	struct why why;	    /* of LISTPOLICY_REJECT: what the sender hears */
};

void listpolicy_decide(struct arena *arena, const struct listpolicy *policy,
    const struct listpolicy_post *post, struct listpolicy_answer *answer_out);

/*
 * Whom to ask hauspost.list_policy() about: the address in From, or that of
 * the list which the post comes from, as UTF-8. Empty where there is none, or
 * several.
 */
struct slice listpolicy_author(struct arena *arena, struct slice header);

#endif
