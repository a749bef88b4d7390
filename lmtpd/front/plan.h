/*
 * lmtpd/front/plan.h - what becomes of one recipient. Decisions only: no
 * socket, no file, no SQL.
 *
 * At RCPT the directory's answer makes a plan; at the end of data the message
 * itself may still speak against it. Whether it can be done is up to those
 * who do it (deliver).
 *
 * Ownership: a plan shows texts of the answer it was made from.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LMTPD_FRONT_PLAN_H
#define HAUSPOST_LMTPD_FRONT_PLAN_H

#include "core/answer.h"
#include "core/arena.h"

enum plan_kind {
	PLAN_STORE,    /* into the Maildir of a mailbox */
	PLAN_PROGRAM,  /* to an alias' |program, or a mailbox' procmail */
	PLAN_INCLUDE,  /* to the members of an alias' :include: file */
	PLAN_FORWARD,  /* to an address elsewhere, by way of our queue */
	PLAN_EXPAND,   /* back into the queue, where the milter expands it */
	PLAN_DISCARD,  /* nowhere, as its owner wants */
	PLAN_ASK_LEAF, /* like the leaf that its address leads to */
	PLAN_KINDS
};

const char *plan_kind_name(enum plan_kind kind);

struct plan {
	enum plan_kind kind;
	struct slice leaf; /* recipient in the queue, or what it stands for */
	struct slice mailbox;	  /* whose, where a mailbox is meant */
	struct slice own_address; /* mailbox[+detail]@node, alias@node */
	struct slice detail;	  /* what stood behind the + */
	struct slice filter;	/* of a mailbox: auto, sieve, procmail, none */
	bool forward_file;	/* a mailbox' ~/.forward comes first */
	bool procmail_if_any;	/* PLAN_STORE: unless ~/.procmailrc … */
	bool by_owner;		/* his program brings it, at last */
	struct slice address;	/* PLAN_FORWARD: where to … */
	struct slice forwarder; /* … and the address it came to; empty: the
				 * directory leaves that to ORCPT */
	struct slice owner;	/* who is told of trouble; may be empty */
	int64_t size_limit;	/* octets, 0 = none */
	int64_t quota_bytes;	/* the Maildir's limit, 0 = none … */
	int64_t quota_soft_bytes; /* … and where its owner is told */
};

/*
 * The plan for a leaf, or the verdict to answer at RCPT. node: this machine,
 * which has the Maildirs of its own mailboxes only.
 */
enum verdict plan_leaf(struct arena *arena, struct slice node,
    struct slice leaf, const struct leaf_target *target, struct plan *plan_out,
    struct why *why);

/*
 * The plan for a recipient that nobody expanded (the milter was by-passed):
 * one good mailbox: as its leaf (PLAN_ASK_LEAF); several leaves: PLAN_EXPAND.
 */
enum verdict plan_answer(struct slice recipient, const struct answer *answer,
    struct plan *plan_out, struct why *why);

/*
 * A program of the user whose mailbox is `caller` brings the message: it goes
 * into that mailbox and nowhere else, past the programs it comes from.
 */
enum verdict plan_for_caller(
    struct plan *plan, struct slice caller, struct why *why);

enum { PLAN_HOPS_MAX = 50 }; /* as Postfix' hopcount_limit */

/* What the plan has to know of a message. */
struct plan_message {
	struct slice header;
	unsigned hops;	     /* Received fields */
	uint64_t size_bytes; /* without what we add */
};

/* MAIL_OK, or what speaks against the plan: a loop, the size. */
enum verdict plan_check(const struct plan *plan,
    const struct plan_message *message, struct why *why);

#endif
