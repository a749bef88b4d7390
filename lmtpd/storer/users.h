/*
 * lmtpd/storer/users.h - whose a mailbox is: uid, gid and home.
 *
 * The directory is asked once for each mailbox (hauspost.store_user(), all
 * that our role may do) and remembered, at most limit mailboxes, those used
 * longest ago forgotten first. A notification for a mailbox drops what we
 * know of it; an answer whose question was asked before a notification came
 * is used once and not kept. While the directory is away what is known serves
 * on; when it is back, everything is asked anew. Unknown mailboxes are not
 * remembered.
 *
 * What deliveries to one mailbox share lives here too (struct box).
 *
 * Ownership: users_find() and users_ask() lend; users_put() gives back.
 * Threads:   all functions may be called from any.
 */
#ifndef HAUSPOST_LMTPD_STORER_USERS_H
#define HAUSPOST_LMTPD_STORER_USERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "core/db.h"
#include "core/why.h"

struct users;

/* What deliveries to one mailbox tell each other. */
struct box {
	/* Home and Maildir were made and synced, as far as we know. */
	atomic_bool prepared;
	/* When the tmp/ folders were last swept; 0: never. */
	atomic_long swept_ms;
	/* Octets of messages on their way, not yet in maildirsize. */
	atomic_llong claimed_bytes;
	/* Read: a message moves in. Write: the messages are counted. */
	pthread_rwlock_t counting;
};

struct user {
	uid_t uid;
	gid_t gid;
	bool make_home; /* below our mail_root */
	const char *mailbox, *home;
	struct box box;
};

struct users *users_new(struct db_pool *pool, size_t limit);

/* No thread may hold or ask for a user any more. */
void users_free(struct users *users);

/* What is known, or NULL. */
struct user *users_find(struct users *users, const char *mailbox);

/* Asks the directory. 0, -ESRCH for an unknown mailbox, or db.h's errors. */
int users_ask(struct users *users, const char *mailbox, struct user **user_out,
    struct why *why);

void users_put(struct user *user);

/* A notification of channel hauspost_directory: "name:<mailbox>" or "*". */
void users_notice(struct users *users, struct slice key);

/* Follows the channel in a thread of its own until users_unfollow(). */
int users_follow(struct users *users, const char *conninfo, const char *role,
    long timeout_ms, struct why *why);
void users_unfollow(struct users *users);

#endif
