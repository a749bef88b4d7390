/*
 * milter/policy.h - what becomes of a message and its recipients. Decisions
 * only: no I/O, no clock, no libmilter.
 *
 * A recipient is judged twice: at RCPT by what its leaves say (core/answer.h)
 * and by the size that MAIL declared, at the end of the message by its real
 * size and by the marks of loops in its header. Only the whole message can be
 * refused then, so a recipient that turns out bad while another is good
 * becomes a leaf of kind reject, whose refusal comes from lmtpd.
 *
 * Mail of class local (the sendmail command, cron, Postfix' own bounces) must
 * never be refused: nobody is on the line, and it would stay stuck for ever.
 * There every bad recipient becomes such a leaf.
 *
 * Ownership: results live in the arena, and look into what was passed.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_MILTER_POLICY_H
#define HAUSPOST_MILTER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/answer.h"
#include "core/arena.h"

enum {
	POLICY_RECEIVED_MAX = 50, /* hops, as Postfix' hopcount_limit */
	/* Copies of one message that go on to elsewhere, as many as one
	 * address may cause (hauspost.max_forwards()). */
	POLICY_FORWARDS_MAX = 50,
};

/* By which door a message came: the name of the Postfix service. */
enum mail_class {
	CLASS_INBOUND,
	CLASS_REGULAR,
	CLASS_BULK,
	CLASS_LOCAL,
	CLASS_LIST,
	CLASS_REINJECT,
	CLASS_REPLY, /* what lmtpd writes for our users */
	CLASS_MOVED, /* to the bulk server, by the normal one */
	CLASSES
};

/* {daemon_name}; a name we don't know is a stranger's door. */
enum mail_class policy_class(struct slice daemon_name);
const char *policy_class_name(enum mail_class mc);

/* Only Hauspost's own programs, or Postfix itself, may use this door. */
bool policy_needs_trust(enum mail_class mc);

/*
 * A domain that exists only in the queue of this node: no directory needs to
 * be asked whether strangers may write to it.
 */
bool policy_is_leaf_domain(struct slice domain, const char *node);

/* Nobody is on the line to hear a refusal. */
bool policy_must_accept(enum mail_class mc);

struct rcpt {
	struct slice given;   /* as at RCPT, to take it out of the queue by */
	struct slice address; /* the same as addr_text() writes it */
	struct slice orcpt, notify; /* parameters as given, or empty */
	struct leaf *leaves;
	size_t n_leaves;
	bool unexpanded; /* nobody could say: lmtpd will ask again */
	struct why why;	 /* if bad: why */
};

/* What is known at the end of a message. */
struct envelope {
	enum mail_class class;
	const char *node;    /* ours */
	struct slice sender; /* empty: the null sender */
	struct rcpt *rcpts;  /* those accepted at RCPT */
	size_t n_rcpts;
	int64_t size_bytes;
	bool is_spam;	 /* flagged: a report of it would hit a bystander */
	bool one_by_one; /* each forward gets its sender from lmtpd */
	size_t received; /* fields of this name in the header */
	const struct slice *delivered_to; /* values of these fields */
	size_t n_delivered_to;
};

/* MAIL. max_bytes: the largest any recipient takes, 0 = no limit. */
enum verdict policy_declared_size(
    int64_t size_bytes, int64_t max_bytes, struct why *why);

/*
 * Gives good leaves that do not take this size the code 552. Negative:
 * unknown, changes nothing.
 */
void policy_size(
    struct arena *arena, struct leaf *leaves, size_t n, int64_t size_bytes);

/* A leaf that goes on from an address of ours to one elsewhere. */
bool policy_is_forwarded(const struct leaf *leaf);

/*
 * RCPT: the message goes on to n addresses elsewhere so far. Who wants more
 * has to send it once more.
 */
enum verdict policy_forwards(size_t n, struct why *why);

/* What addr_parse() disliked about an address: code and text. */
enum verdict policy_bad_address(
    int error, struct slice text, bool utf8, struct why *why);

/* --- the end of a message --------------------------------------------- */

enum fate {
	FATE_QUEUED,	/* in the queue as plan_leaf.recipient */
	FATE_UNCHANGED, /* in the queue as the recipient it was given as */
	FATE_DROPPED,	/* bad, while another of its recipient is good */
	FATE_REJECTED,	/* no leaf of its recipient is good */
	FATE_DISCARDED,
	FATE_DUPLICATE, /* the message has this leaf from another recipient */
};

/* What becomes of one leaf, or of a recipient without any. */
struct plan_leaf {
	enum fate fate;
	struct rcpt *rcpt;
	struct leaf *leaf;	/* NULL: the recipient as a whole */
	struct slice recipient; /* FATE_QUEUED, FATE_REJECTED: add this … */
	const char *parameters; /* … with these: ORCPT and NOTIFY */
};

struct plan {
	struct plan_leaf *leaves;
	size_t n_leaves;
	const struct slice *remove; /* recipients as given */
	size_t n_remove;
	struct slice delivered_to; /* add this mark to the header, or empty */
	struct slice sender;	   /* the new one (onward_sender()), or empty */
	const char *results;	   /* Authentication-Results to add, or NULL */
	const char *hold;	   /* why it waits for an admin, or NULL */
	bool discard;		   /* nothing is left to be queued */
};

/*
 * MAIL_OK and what is to be done, or a refusal of the whole message (why
 * filled; the plan tells the fate of each leaf all the same).
 */
enum verdict policy_plan(struct arena *arena, const struct envelope *envelope,
    struct plan *plan_out, struct why *why);

/*
 * Whether somebody should be told of a bad leaf: the kind of notice, or NULL.
 * *owner_out is the mailbox to tell.
 */
const char *policy_notice(const struct leaf *leaf, struct slice *owner_out);

#endif
