/*
 * listweb/ask.h - all that is asked of the database.
 *
 * Every question is a function of SQL, which knows who may do what: the pages
 * say who they believe to speak for (the session, a token), never what that
 * allows.
 *
 * Errors:    0, or -errno with why filled; where something is looked up: 1
 *            found, 0 there is none.
 * Ownership: texts live in the arena.
 * Threads:   any; the pool is shared.
 */
#ifndef HAUSPOST_LISTWEB_ASK_H
#define HAUSPOST_LISTWEB_ASK_H

#include "core/arena.h"
#include "core/db.h"
#include "core/language.h"

struct ask {
	struct db_pool *db;
	struct arena *arena;
	struct slice session; /* empty: a stranger's */
	struct slice source;  /* "web 192.0.2.1", for the record */
	struct why *why;
};

/* --- lists and members ------------------------------------------------ */

struct ask_list {
	long long id;
	struct slice address, title, description;
	enum language language;
	struct slice policy, subscribe_policy, archive;
	bool robots, anonymous;
	struct slice visitor; /* address; empty: a stranger */
	struct slice role;    /* empty: no member */
	bool may_read;
};

int ask_list(
    const struct ask *ask, struct slice address, struct ask_list *list_out);

struct ask_lists {
	size_t n;
	struct ask_list *list; /* address, title, description, language */
};

int ask_shown(const struct ask *ask, struct ask_lists *lists_out);

/* action: subscribe, unsubscribe, login. What came of it is not told. */
struct ask_request {
	long long list;
	const char *action;
	struct slice address, mode, language;
};

int ask_request(const struct ask *ask, const struct ask_request *request);

/* What a mailed link stands for. */
struct ask_pending {
	struct slice outcome; /* as list_outcome has it */
	struct slice action, list, address, mode;
	enum language language;
};

int ask_look(
    const struct ask *ask, struct slice token, struct ask_pending *out);
int ask_confirm(
    const struct ask *ask, struct slice token, struct ask_pending *out);

/* Opens a session; 0: the token is worth nothing. */
int ask_enter(const struct ask *ask, struct slice token,
    struct slice *session_out, struct slice *list_out);
int ask_go(const struct ask *ask);

/* Of RFC 8058: whose token it is, and leaving. */
struct ask_leaving {
	struct slice list, address;
	enum language language;
};

int ask_leaving(
    const struct ask *ask, struct slice token, struct ask_leaving *out);
int ask_leave(const struct ask *ask, struct slice token);

struct ask_membership {
	struct slice member, list, title, mode, state, role, language;
};

struct ask_memberships {
	struct slice visitor; /* empty: nobody visits */
	size_t n;
	struct ask_membership *list;
};

int ask_own(const struct ask *ask, struct ask_memberships *own_out);

/* The one of own->member; 0: it is not the visitor's. */
int ask_own_set(
    const struct ask *ask, const struct ask_membership *own, bool paused);
int ask_own_leave(const struct ask *ask, struct slice member);

/* --- moderation ------------------------------------------------------- */

struct ask_held {
	struct slice token, kind, sender, subject, reason, created, expires;
	/* Of ask_waiting() only: */
	long long id, list;
	struct slice list_address, decision, decided_by, moderator;
	enum language language;
};

enum { QUEUE_PAGE = 50 }; /* on one page */

struct ask_queue {
	size_t n; /* above QUEUE_PAGE: there are more */
	struct ask_held *list;
};

int ask_queue(const struct ask *ask, long long list, size_t skip,
    struct ask_queue *queue_out);
int ask_waiting(
    const struct ask *ask, struct slice token, struct ask_held *held_out);

struct ask_verdict {
	struct slice token, verb, address, reason;
};

/* *outcome_out: done, handled, denied, unknown. */
int ask_moderate(const struct ask *ask, const struct ask_verdict *verdict,
    struct slice *outcome_out);

#endif
