/*
 * core/answer.h - what the directory said about an address, as plain data.
 *
 * hauspost.resolve() makes leaves of an address: each is one recipient in the
 * queue with its own result. hauspost.leaf() says what is to be done with
 * such a queued recipient. Nothing here asks anybody anything.
 *
 * Ownership: everything lives in the arena the answer was put into.
 *            Texts are NUL-terminated as well; an absent text has n == 0.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_ANSWER_H
#define HAUSPOST_CORE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/rows.h"
#include "core/slice.h"
#include "core/why.h"

enum leaf_kind {
	LEAF_UNEXPANDED, /* of hauspost.leaf(): no leaf, ask for its answer */
	LEAF_MAILBOX,
	LEAF_PROGRAM,
	LEAF_EXTERNAL, /* of resolve: leaves the house as it is or by SRS */
	LEAF_FORWARD,  /* of leaf(): leaves it with an SRS sender of its own */
	LEAF_BULK,
	LEAF_LIST,
	LEAF_SRS, /* of resolve: a sender that a forward of ours has written */
	LEAF_REJECT,
	LEAF_DISCARD,
	LEAF_KINDS
};

/* One row of hauspost.resolve(). */
struct leaf {
	enum leaf_kind kind;
	struct slice queue_recipient; /* empty for reject and discard */
	struct slice srs_recipient;   /* external: the form @forward.NODE */
	struct slice mailbox, node, detail;
	struct slice original; /* the address that was asked */
	int code;	       /* SMTP: 250, or why this leaf is not good */
	struct slice dsn, reply;
	int64_t size_limit; /* octets, 0 = none */
	struct slice *path; /* hops, "address:info@example.org", … */
	size_t path_n;
	struct slice forwarder; /* external: the forwarding address */
	int64_t target_id;	/* 0 = none */
	struct slice package;	/* whose admin hears of a bad leaf */
};

/* All leaves of an address, at least one. */
struct answer {
	struct leaf *leaves;
	size_t n;
	bool stale; /* remembered from before the directory went away */
};

/* The row of hauspost.leaf(). */
struct leaf_target {
	enum leaf_kind kind;
	struct slice mailbox, node, detail;
	struct slice address; /* forward, bulk, list: the real address */
	struct slice forwarder;
	int code;
	struct slice dsn, reply;
	int64_t size_limit;		       /* octets, 0 = none */
	int64_t quota_bytes, quota_hard_bytes; /* 0 = none */
	struct slice filter;		       /* auto, sieve, procmail, none */
	bool forward_file;		       /* its ~/.forward counts */
	struct slice program;		       /* program leaves: what to run */
	struct slice owner; /* the mailbox that is told of trouble */
	bool stale;
};

/* The row of hauspost.domain_class(). */
struct domain_class {
	struct slice class; /* "virtual" or "relay" */
	struct slice nexthop;
};

/* "mailbox", "external" …, as SQL and the log spell them. */
const char *leaf_kind_name(enum leaf_kind kind);

static inline bool
leaf_is_good(const struct leaf *leaf)
{
	return leaf->code / 100 == MAIL_OK;
}

/*
 * What a peer hears about a recipient with these leaves: accepted when one
 * of them is good, since the others then have results of their own; else the
 * first that may come right later (4xx), else the first refusal. No leaf at
 * all is a fault of ours, hence 451.
 */
enum verdict answer_verdict(
    const struct leaf *leaves, size_t n, struct why *why);

/*
 * Reads what the functions of the same names in SQL said; the columns stand
 * in answer.c. 0, or -EPROTO with why filled when that makes no sense: a
 * directory of another version must defer mail, not misdeliver it.
 */
int answer_read(struct arena *arena, const struct rows *rows,
    struct answer *answer_out, struct why *why);
int leaf_target_read(
    const struct rows *rows, struct leaf_target *target_out, struct why *why);
int domain_class_read(
    const struct rows *rows, struct domain_class *class_out, struct why *why);
int max_size_read(const struct rows *rows, int64_t *bytes_out, struct why *why);

/* Gives leaves of the mailboxes that quota() names its code; all or none. */
int quota_read(
    const struct rows *rows, struct leaf *leaves, size_t n, struct why *why);

/* Says a leaf's code, dsn and reply. */
enum verdict leaf_say(const struct leaf *leaf, struct why *why);

#endif
