/*
 * listmgr/group.h - a group of members that a post is handed over for.
 *
 * Shared: one message, whose return paths Postfix makes (XVERP), so a bounce
 * names its member. Personal: a message for each member, over several
 * connections at once, since Postfix syncs each to disk; with a return path
 * and a link to leave that are this member's own.
 *
 * Threads: one at a time; it starts others for personal groups.
 */
#ifndef HAUSPOST_LISTMGR_GROUP_H
#define HAUSPOST_LISTMGR_GROUP_H

#include "listmgr/outgoing.h"

enum { GROUP_CONNECTIONS_MAX = 64 };

struct member {
	long long id;
	struct slice address;
	struct slice bounce, leave; /* tokens, of a personal group */
	struct why why;		    /* what Postfix said */
};

struct group {
	const struct outgoing *outgoing;
	struct arena *arena;
	struct slice mac; /* of the post, in return paths */
	struct member *members;
	size_t n;
};

/* Connections to Postfix that are kept from group to group. */
struct hands {
	const struct listmgr *listmgr;
	struct smtpc *smtpc[GROUP_CONNECTIONS_MAX];
};

/*
 * Hands it over. Every member has its why; where there is no connection, the
 * same for all.
 */
void group_share(struct hands *hands, struct group *group);
void group_each(struct hands *hands, struct group *group);

/* Whom bounces go to: those of a member, or (NULL) of all of a shared one. */
struct slice group_sender(const struct group *group,
    const struct member *member, struct arena *arena);

/* The same for all, where nothing is handed over. */
void group_say(struct group *group, const struct why *why);

void hands_close(struct hands *hands);

#endif
