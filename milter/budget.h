/*
 * milter/budget.h - how much a mailbox may send: taken here, counted in SQL.
 *
 * The database lends a block of messages or recipients (hauspost.borrow());
 * it is counted as sent from then on, so no number of milters sends more than
 * a limit says, and what is taken from a block costs no question. What is
 * left of it goes back when its time is over. A milter that crashes loses its
 * blocks: less is sent than was allowed, by a fiftieth of a limit at most.
 *
 * When the database is away only what was borrowed can be taken; all else is
 * 451, since no mail leaves without its budget.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_MILTER_BUDGET_H
#define HAUSPOST_MILTER_BUDGET_H

#include <stdbool.h>

#include "core/db.h"

struct budget;

enum budget_counts {
	BUDGET_MESSAGES,
	BUDGET_RECIPIENTS,
	BUDGET_NEW, /* recipients written to for the first time */
	BUDGET_COUNTS
};

struct budget_claim {
	struct slice account; /* a mailbox, or "uid:33" */
	bool bulk;
	enum budget_counts counts;
	int n;
};

/* Starts a thread, which also forgets the trail after so many days. */
struct budget *budget_start(struct db_pool *pool, long trail_days);

/* Gives back what is left, and ends the thread. NULL is fine. */
void budget_stop(struct budget *budget);

/*
 * MAIL_OK: it is taken. With *hold_out set there is no room, but its limit
 * says to hold such mail for an admin; why tells which limit.
 */
enum verdict budget_take(struct budget *budget,
    const struct budget_claim *claim, bool *hold_out, struct why *why);

/* What was taken and then not sent. */
void budget_put_back(struct budget *budget, const struct budget_claim *claim);

/* The same as taking one BUDGET_NEW, if the address is new to the account. */
enum verdict budget_meet(struct budget *budget,
    const struct budget_claim *claim, struct slice address, bool *hold_out,
    struct why *why);

/* Messages that the account has taken within this minute, from us. */
int budget_rate(struct budget *budget, const struct budget_claim *claim);

/* Limits have changed: ask again. */
void budget_changed(struct budget *budget);

#endif
