/*
 * fetcher/items.h - which remote messages are known, in hauspost.fetch_item.
 *
 * A message has its row before it is fetched, and the row's id is the key
 * under which lmtpd knows it. It is deleted there only when its row says that
 * it was delivered, in a transaction that is through.
 *
 * Errors:    0, or negative with trouble filled.
 * Ownership: what is returned lives in the arena.
 */
#ifndef HAUSPOST_FETCHER_ITEMS_H
#define HAUSPOST_FETCHER_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/db.h"
#include "fetcher/message.h"
#include "fetcher/trouble.h"

struct items {
	struct db_pool *pool;
	struct arena *arena;
	struct trouble *trouble;
	struct slice account;
};

struct item {
	size_t place; /* in the listing, from 0 */
	long long id, arrival;
	struct slice uid;
	bool remove;	/* delivered earlier, and to be deleted now */
	bool doubtful;	/* may have come under another uid */
	bool delivered; /* in this run */
	char flags[8];	/* an import's, as Maildir has them */
};

struct listing {
	struct slice folder;	    /* "" of POP3 */
	uint64_t validity;	    /* 0 of POP3 */
	struct slice *uids, *sizes; /* sizes as decimal numbers */
	size_t n;
	bool whole;   /* the server has no others */
	bool renamed; /* its uids may mean other messages than before */
};

/* What is to be done, in the order of the listing. */
int items_list(struct items *items, const struct listing *listing,
    struct item **items_out, size_t *n_out);

/* IMAP: delivered long enough ago. */
int items_expired(struct items *items, const struct listing *listing,
    struct item **items_out, size_t *n_out);

/* 1 it came under another uid, or with dedup by another account; 0 not. */
int items_known(struct items *items, const struct item *item,
    const unsigned char hash[MESSAGE_HASH], bool dedup);

/* A hash as it stands in a batch. */
struct slice items_hash(
    struct items *items, const unsigned char hash[MESSAGE_HASH]);

struct items_batch {
	size_t n;
	struct slice *ids, *hashes;
	uint64_t bytes;
};

int items_delivered(struct items *items, const struct items_batch *batch);
int items_gone(struct items *items, const struct slice *ids, size_t n);

/* for_good: another attempt would end the same way. */
int items_failed(struct items *items, const struct item *item,
    const char *error, bool for_good);

int items_total(struct items *items, size_t n);

/* What its owner should know, in fetch_error. */
int items_hint(struct items *items, const char *code);

/* --- IMAP folders ------------------------------------------------------ */

struct items_folder {
	uint64_t validity, next; /* 0, 1: never seen */
	bool compare;		 /* it is time to look what is still there */
};

int items_folder(
    struct items *items, struct slice folder, struct items_folder *folder_out);
int items_folder_done(
    struct items *items, struct slice folder, const struct items_folder *state);

/* These uids are all that the folder still has. */
int items_compare(struct items *items, const struct listing *listing);

#endif
