/*
 * listmgr/list.h - what its owners have set for a list.
 *
 * Read anew for each message and never kept: a change holds with the next
 * message. What a post costs besides makes this one row cheap.
 *
 * Errors:    -errno with why filled (4xx).
 * Ownership: everything lives in the arena that was passed. Texts are
 *            NUL-terminated as well; an absent text has n == 0.
 * Threads:   any, a pool may be shared.
 */
#ifndef HAUSPOST_LISTMGR_LIST_H
#define HAUSPOST_LISTMGR_LIST_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/db.h"
#include "core/slice.h"
#include "core/why.h"

enum list_language { LIST_DE, LIST_EN, LIST_LANGUAGES };

enum list_policy {
	LIST_OPEN,
	LIST_MEMBERS,
	LIST_MODERATED,
	LIST_ANNOUNCE,
	LIST_POLICIES
};

enum list_fanout { LIST_SHARED, LIST_PERSONAL, LIST_FANOUTS };

enum list_reply_to { LIST_REPLY_NONE, LIST_REPLY_LIST, LIST_REPLY_ADDRESS };

enum list_dmarc {
	LIST_DMARC_AUTO,
	LIST_DMARC_ALWAYS,
	LIST_DMARC_NEVER,
	LIST_DMARC_WRAP,
	LIST_DMARCS
};

enum list_archive {
	LIST_ARCHIVE_OFF,
	LIST_ARCHIVE_MEMBERS,
	LIST_ARCHIVE_PUBLIC,
	LIST_ARCHIVES
};

/* Columns of hauspost.list, whose comments say what they mean. */
struct list {
	long long id;
	struct slice name, domain;
	struct slice address; /* name@domain */
	struct slice list_id; /* RFC 2919 */
	struct slice title, description;
	enum list_language language;
	enum list_policy policy;
	long long held_days;
	enum list_fanout fanout;
	struct slice prefix, footer;
	enum list_reply_to reply_to;
	struct slice reply_to_address; /* where LIST_REPLY_ADDRESS */
	bool reply_to_force;
	enum list_dmarc dmarc;
	bool sender_header, anonymous;
	bool tell_owners, tell_author;
	long long digest_posts, digest_bytes, digest_hour;
	enum list_archive archive;
	/* Its page, "https://lists.example.org/l/news@example.org"; empty
	 * where there are no pages. */
	struct slice page;
};

/* What all parts of the program need to find a list and its messages. */
struct lists {
	struct db_pool *db;
	const char *archive; /* folder of the messages */
	const char *web;     /* "https://lists.example.org", "" = no pages */
};

/* 1 found, 0 there is none, or -errno. */
int list_find(const struct lists *lists, struct slice name, struct slice domain,
    struct arena *arena, struct list *list_out, struct why *why);

/* The same by list.id. */
int list_find_id(const struct lists *lists, long long id, struct arena *arena,
    struct list *list_out, struct why *why);

/* "de" or "en". */
const char *list_language_name(enum list_language language);

/* LIST+EXTENSION@DOMAIN, where letters and bounces about it are taken. */
struct slice list_sub_address(
    struct arena *arena, const struct list *list, const char *extension);

#endif
