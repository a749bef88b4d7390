#include "lmtpd/front/ledger.h"

static const struct db_stmt look_up = { "ledger-has",
	"SELECT 1 FROM hauspost.delivered"
	" WHERE delivery_key = $1 AND action = $2",
	2 };

static const struct db_stmt mark = { "ledger-mark",
	"INSERT INTO hauspost.delivered (delivery_key, action) VALUES ($1, $2)"
	" ON CONFLICT DO NOTHING",
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
ledger_mark(struct db_pool *pool, struct slice delivery, struct slice action,
    struct why *why)
{
	const struct slice params[] = { delivery, action };

	return db_ask(pool, &mark, params, NULL, why);
}
