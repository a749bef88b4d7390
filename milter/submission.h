/*
 * milter/submission.h - mail that somebody of ours sends: a login, or a Unix
 * user of this machine. May he send as this, so large, so much; and is it a
 * newsletter, which belongs to the bulk server?
 *
 * Of other mail (strangers', root's, our own programs') every question here
 * is answered "yes". The calls follow the message:
 *
 *	begin mail rcpt* header* end (settle | drop)
 *
 * What is taken from a budget is put back unless the message is settled.
 *
 * Ownership: texts live in the message's arena.
 * Threads:   one at a time.
 */
#ifndef HAUSPOST_MILTER_SUBMISSION_H
#define HAUSPOST_MILTER_SUBMISSION_H

#include "core/sender.h"
#include "milter/milter.h"
#include "milter/policy.h"

enum {
	FROM_FIELDS_MAX = 2, /* one more than a message may have */
	FROM_OCTETS_MAX = 8192,
	FROM_ADDRESSES_MAX = 10,
};

struct submission {
	struct milter *milter;
	struct arena *arena;
	/* Whose budget is spent: a mailbox or "uid:33"; empty: nobody's. */
	struct slice name;
	struct sender_account account;
	struct slice sender;
	bool bulk;  /* counted as bulk */
	bool moved; /* … though it came as regular: for the bulk server */
	bool held;  /* over a limit that says so */
	struct why why_held;
	int messages, recipients; /* taken from the budget */
	int64_t size_limit;	  /* of this sender, 0 = none */
	struct slice instead;	  /* sender to use, or empty */
	struct slice from[FROM_FIELDS_MAX];
	size_t n_from;
	bool looks_bulk; /* by its header */
};

/* Whose message that will be. */
struct submission_peer {
	enum mail_class class;
	struct slice login; /* empty: none */
	bool local;	    /* a process of this machine, of this user */
	uid_t uid;
};

void submission_begin(
    struct submission *submission, struct milter *milter, struct arena *arena);

/* MAIL; declared_bytes is negative where nobody said. */
enum verdict submission_mail(struct submission *submission,
    const struct submission_peer *peer, struct slice sender,
    int64_t declared_bytes, struct why *why);

/* RCPT, once it is otherwise good. */
enum verdict submission_rcpt(
    struct submission *submission, struct slice address, struct why *why);

void submission_header(
    struct submission *submission, struct slice name, struct slice value);

/* The whole message; makes leaves for the bulk server of what goes there. */
enum verdict submission_end(struct submission *submission,
    const struct envelope *envelope, struct why *why);

/* It was taken. */
void submission_settle(struct submission *submission);

/* It was not; nothing to do after submission_settle(). */
void submission_drop(struct submission *submission);

#endif
