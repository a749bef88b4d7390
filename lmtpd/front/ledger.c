#include "lmtpd/front/ledger.h"

static const struct db_stmt look_up = { "ledger-has",
	"SELECT 1 FROM hauspost.delivered"
	" WHERE delivery_key = $1 AND action = $2",
	2 };

static const struct db_stmt mark = { "ledger-mark",
	"INSERT INTO hauspost.delivered (delivery_key, action) VALUES ($1, $2)"
	" ON CONFLICT DO NOTHING",
	2 };

/* In one statement, or it would not hold for its commit. */
static const struct db_stmt mark_stored = { "ledger-mark-stored",
	"WITH soon AS MATERIALIZED ("
	" SELECT set_config('synchronous_commit', 'off', true))"
	" INSERT INTO hauspost.delivered (delivery_key, action)"
	" SELECT $1, 'stored' FROM soon ON CONFLICT DO NOTHING",
	1 };

static const struct db_stmt read_all = { "ledger-read",
	"SELECT ARRAY(SELECT action FROM hauspost.delivered"
	" WHERE delivery_key = $1)",
	1 };

static const struct db_stmt mark_all = { "ledger-mark-all",
	"INSERT INTO hauspost.delivered (delivery_key, action)"
	" SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
	2 };

int
ledger_has(struct db_pool *pool, struct slice delivery, struct slice action,
    struct why *why)
{
	const struct slice params[] = { delivery, action };
	struct db_result *result;
	int r = db_ask(pool, &look_up, params, &result, why);

	if (r < 0)
		return r;
	r = db_rows(result) > 0;
	db_done(result);
	return r;
}

int
ledger_read(struct db_pool *pool, struct arena *arena, struct slice delivery,
    struct ledger *ledger_out, struct why *why)
{
	struct db_result *result;
	int r = db_ask(pool, &read_all, &delivery, &result, why);

	if (r < 0)
		return r;
	ledger_out->n = db_array(result, 0, 0, arena, &ledger_out->actions);
	db_done(result);
	return 0;
}

bool
ledger_shows(const struct ledger *ledger, struct slice action)
{
	for (size_t i = 0; i < ledger->n; i++) {
		if (slice_eq(ledger->actions[i], action))
			return true;
	}
	return false;
}

int
ledger_mark_all(struct db_pool *pool, struct arena *arena,
    struct slice delivery, const struct ledger *done, struct why *why)
{
	const struct slice params[] = { delivery,
		db_array_param(arena, done->actions, done->n) };

	return db_ask(pool, &mark_all, params, NULL, why);
}

int
ledger_mark(struct db_pool *pool, struct slice delivery, struct slice action,
    struct why *why)
{
	const struct slice params[] = { delivery, action };

	return db_ask(pool, &mark, params, NULL, why);
}

int
ledger_mark_stored(struct db_pool *pool, struct slice delivery, struct why *why)
{
	return db_ask(pool, &mark_stored, &delivery, NULL, why);
}
