/* Budgets as PostgreSQL counts them: the statements of milter/budget.c. */
#include <stdio.h>

#include "milter/budget_source.h"

enum { FORGET_ROWS = 5000 }; /* some 50 ms a page */

static const struct db_stmt borrow_stmt = { "borrow",
	"SELECT granted, at, lasts_ms, hold, code, dsn, reply"
	" FROM hauspost.borrow($1, $2, $3, $4::int)",
	4 };
static const struct db_stmt meet_stmt = { "meet",
	"SELECT granted, at, lasts_ms, hold, code, dsn, reply"
	" FROM hauspost.meet($1, $2, $3)",
	3 };
static const struct db_stmt give_back_stmt = { "give_back",
	"SELECT hauspost.give_back($1::text[], $2::text[], $3::text[],"
	" $4::timestamptz[], $5::int[])",
	5 };
static const struct db_stmt forget_stmt = { "forget",
	"SELECT hauspost.forget($1::int, $2::int)", 2 };

static int
ask(struct budget_db *db, const struct db_stmt *stmt,
    const struct slice *params, struct loan *loan_out, struct why *why)
{
	struct db_result *rows;
	int r = db_ask(db->pool, stmt, params, &rows, why);

	if (r < 0)
		return r;
	*loan_out = (struct loan){
		.granted = (int)db_number(rows, 0, 0),
		.lasts_ms = (long)db_number(rows, 0, 2),
		.hold = db_flag(rows, 0, 3),
	};
	(void)snprintf(loan_out->at, sizeof loan_out->at, "%.*s",
	    SLICE_FMT(db_text(rows, 0, 1)));
	if (loan_out->granted == 0)
		(void)why_say(&loan_out->why, (int)db_number(rows, 0, 4),
		    db_text(rows, 0, 5).p, "%.*s",
		    SLICE_FMT(db_text(rows, 0, 6)));
	db_done(rows);
	return 0;
}

static int
borrow(void *self, const struct budget_claim *claim, struct loan *loan_out,
    struct why *why)
{
	struct arena arena = ARENA_INIT;
	const struct slice params[] = { claim->account,
		slice_of(budget_class_name(claim->bulk)),
		slice_of(budget_counts_name(claim->counts)),
		db_number_param(&arena, claim->n) };
	int r = ask(self, &borrow_stmt, params, loan_out, why);

	arena_done(&arena);
	return r;
}

static int
meet(void *self, const struct budget_claim *claim, struct slice address,
    struct loan *loan_out, struct why *why)
{
	const struct slice params[] = { claim->account,
		slice_of(budget_class_name(claim->bulk)), address };

	return ask(self, &meet_stmt, params, loan_out, why);
}

/* --- giving back ------------------------------------------------------ */

enum { ACCOUNTS, CLASSES, COUNTS, ATS, NUMBERS, COLUMNS };

static int
give_back(void *self, const struct loan_rest *rests, size_t n, struct why *why)
{
	const struct budget_db *db = self;
	struct arena arena = ARENA_INIT;
	struct slice *cells[COLUMNS], params[COLUMNS];
	int r;

	for (int c = 0; c < COLUMNS; c++)
		cells[c] = arena_calloc(&arena, n, sizeof **cells);
	for (size_t i = 0; i < n; i++) {
		cells[ACCOUNTS][i] = slice_of(rests[i].account);
		cells[CLASSES][i] = slice_of(rests[i].class);
		cells[COUNTS][i] = slice_of(rests[i].counts);
		cells[ATS][i] = slice_of(rests[i].at);
		cells[NUMBERS][i] = db_number_param(&arena, rests[i].n);
	}
	for (int c = 0; c < COLUMNS; c++)
		params[c] = db_array_param(&arena, cells[c], n);
	r = db_ask(db->pool, &give_back_stmt, params, NULL, why);
	arena_done(&arena);
	return r;
}

static int
forget(void *self, struct why *why)
{
	const struct budget_db *db = self;
	struct arena arena = ARENA_INIT;
	const struct slice params[] = { db_number_param(&arena, db->trail_days),
		db_number_param(&arena, FORGET_ROWS) };
	struct db_result *rows;
	int n = db_ask(db->pool, &forget_stmt, params, &rows, why);

	if (n == 0) {
		n = (int)db_number(rows, 0, 0);
		db_done(rows);
	}
	arena_done(&arena);
	return n;
}

struct budget_source
budget_db_source(struct budget_db *db)
{
	return (struct budget_source){ db, borrow, meet, give_back, forget };
}
