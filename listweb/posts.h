/*
 * listweb/posts.h - what is asked of the database about the archive.
 *
 * Whoever asks has made sure that the visitor may read (ask_list()).
 *
 * Errors, ownership, threads: as listweb/ask.h.
 */
#ifndef HAUSPOST_LISTWEB_POSTS_H
#define HAUSPOST_LISTWEB_POSTS_H

#include "listweb/ask.h"

enum {
	POSTS_PAGE = 50,	/* threads, or hits of a search, on one page */
	POSTS_THREAD_MAX = 500, /* posts of a thread that are listed */
};

struct post {
	long long n, thread;
	struct slice message_id, from_name, from_mail, subject;
	struct slice date; /* "2026-11-24 14:05", UTC */
	struct slice in_reply_to;
	bool removed;
	long long posts; /* of posts_threads(): in the thread */
};

struct posts {
	size_t n;
	struct post *list;
};

/* One page of many posts. */
struct posts_part {
	struct slice what; /* a month, or words to look for */
	size_t skip;
};

/* what: "2026-11"; empty: all, and date is that of the last post. */
int posts_threads(const struct ask *ask, long long list,
    const struct posts_part *part, struct posts *out);
int posts_search(const struct ask *ask, long long list,
    const struct posts_part *part, struct posts *out);
int posts_thread(
    const struct ask *ask, long long list, long long thread, struct posts *out);
int posts_month(const struct ask *ask, long long list, struct slice month,
    struct posts *out);
int posts_latest(const struct ask *ask, long long list, struct posts *out);

struct posts_key {
	struct slice message_id;
	unsigned long long number; /* 0: the first of this Message-ID */
};

int posts_find(const struct ask *ask, long long list,
    const struct posts_key *key, struct post *out);

struct month {
	struct slice name; /* "2026-11" */
	long long posts;
};

struct months {
	size_t n;
	struct month *list;
};

int posts_months(const struct ask *ask, long long list, struct months *out);

/* The visitor takes a post down; 0: he may not. */
int posts_remove(const struct ask *ask, long long list, long long n);

/* --- reading new ones ------------------------------------------------- */

struct unread_post {
	long long list, n;
};

struct unread {
	size_t n;
	struct unread_post posts[100];
};

int posts_unread(const struct ask *ask, struct unread *out);

/* What it says, for searching; hidden: nobody shall see it. */
int posts_read(const struct ask *ask, const struct unread_post *post,
    bool hidden, struct slice content);

#endif
