/*
 * milter/budget_source.h - where budgets are counted for all milters.
 *
 * Tests put a source of their own here, to play each moment exactly.
 */
#ifndef HAUSPOST_MILTER_BUDGET_SOURCE_H
#define HAUSPOST_MILTER_BUDGET_SOURCE_H

#include "milter/budget.h"

enum {
	LOAN_AT_MAX = 40,	 /* a timestamp as text */
	LOAN_NO_LIMIT = 1000000, /* granted where nothing limits */
};

/* Room that was given, or why there is none. */
struct loan {
	int granted;	      /* 0: none, and why and hold are filled */
	char at[LOAN_AT_MAX]; /* to give back what is left */
	long lasts_ms;
	bool hold; /* take it all the same, for an admin to look at */
	struct why why;
};

/* What is left of a loan. */
struct loan_rest {
	const char *account;
	const char *class, *counts;
	const char *at;
	int n;
};

/* Each returns 0, or -errno (core/db.h) with why. */
struct budget_source {
	void *self;
	int (*borrow)(void *self, const struct budget_claim *claim,
	    struct loan *loan_out, struct why *why);
	int (*meet)(void *self, const struct budget_claim *claim,
	    struct slice address, struct loan *loan_out, struct why *why);
	int (*give_back)(void *self, const struct loan_rest *rests, size_t n,
	    struct why *why);
	/* Deletes a page of what is too old; how much that was. */
	int (*forget)(void *self, struct why *why);
};

/* "messages", "recipients", "new"; "regular", "bulk". */
const char *budget_counts_name(enum budget_counts counts);
const char *budget_class_name(bool bulk);

struct budget *budget_start_on(const struct budget_source *source);

/* PostgreSQL. The pool and the days must stay. */
struct budget_db {
	struct db_pool *pool;
	long trail_days;
};

struct budget_source budget_db_source(struct budget_db *db);

#endif
