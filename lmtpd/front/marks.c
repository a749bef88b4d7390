#include "lmtpd/front/marks.h"

static const struct db_stmt find_duplicate = { "duplicate-find",
	"SELECT 1 FROM hauspost.duplicate_seen WHERE mailbox = $1 AND key = $2"
	" AND until > now() AND delivery_key <> $3",
	3 };

/* A mark that has run out is a new one; else its first delivery counts. */
static const struct db_stmt add_duplicate = { "duplicate-add",
	"INSERT INTO hauspost.duplicate_seen AS d"
	" (mailbox, key, until, delivery_key)"
	" VALUES ($1, $2, now() + make_interval(secs => $3::int), $4)"
	" ON CONFLICT (mailbox, key) DO UPDATE SET until = excluded.until,"
	" delivery_key = CASE WHEN d.until <= now()"
	" THEN excluded.delivery_key ELSE d.delivery_key END",
	4 };

static const struct db_stmt claim_reply = { "reply-claim",
	"INSERT INTO hauspost.vacation_sent AS v (mailbox, key, until)"
	" SELECT $1, $2, now() + make_interval(secs => $3::int)"
	" WHERE (SELECT count(*) FROM hauspost.vacation_sent AS h"
	" WHERE h.mailbox = $1 AND h.at > now() - interval '1 hour')"
	" < $4::int"
	" ON CONFLICT (mailbox, key) DO UPDATE"
	" SET at = now(), until = excluded.until WHERE v.until <= now()"
	" RETURNING 1",
	4 };

static const struct db_stmt release_reply = { "reply-release",
	"DELETE FROM hauspost.vacation_sent WHERE mailbox = $1 AND key = $2",
	2 };

static const struct db_stmt knows_sender = { "knows-sender",
	"SELECT 1 WHERE hauspost.knows_sender($1, $2)", 2 };

static const struct db_stmt sweep_duplicates = { "duplicate-sweep",
	"DELETE FROM hauspost.duplicate_seen WHERE until <= now()", 0 };
static const struct db_stmt sweep_replies = { "reply-sweep",
	"DELETE FROM hauspost.vacation_sent WHERE until <= now()", 0 };
static const struct db_stmt sweep_delivered = { "delivered-sweep",
	"SELECT hauspost.sweep_delivered()", 0 };

/* 1 there are rows, 0 none, -errno. */
static int
has_rows(struct db_pool *pool, const struct db_stmt *stmt,
    const struct slice *params, struct why *why)
{
	struct db_result *result;
	int r = db_ask(pool, stmt, params, &result, why);

	if (r < 0)
		return r;
	r = db_rows(result) > 0;
	db_done(result);
	return r;
}

int
marks_is_duplicate(struct db_pool *pool, const struct mark *mark,
    struct slice delivery, struct why *why)
{
	const struct slice params[] = { mark->mailbox, mark->key, delivery };

	return has_rows(pool, &find_duplicate, params, why);
}

int
marks_add_duplicate(struct db_pool *pool, const struct mark *mark,
    struct slice delivery, struct why *why)
{
	struct arena arena = ARENA_INIT;
	const struct slice params[] = { mark->mailbox, mark->key,
		db_number_param(&arena, mark->period_s), delivery };
	int r = db_ask(pool, &add_duplicate, params, NULL, why);

	arena_done(&arena);
	return r;
}

int
marks_claim_reply(
    struct db_pool *pool, const struct mark *mark, struct why *why)
{
	struct arena arena = ARENA_INIT;
	const struct slice params[] = { mark->mailbox, mark->key,
		db_number_param(&arena, mark->period_s),
		db_number_param(&arena, MARKS_REPLIES_MAX) };
	int r = has_rows(pool, &claim_reply, params, why);

	arena_done(&arena);
	return r;
}

void
marks_release_reply(struct db_pool *pool, const struct mark *mark)
{
	const struct slice params[] = { mark->mailbox, mark->key };
	struct why ignored; /* then this sender gets no reply */

	(void)db_ask(pool, &release_reply, params, NULL, &ignored);
}

int
marks_knows_sender(struct db_pool *pool, struct slice mailbox,
    struct slice sender, struct why *why)
{
	const struct slice params[] = { mailbox, sender };

	return has_rows(pool, &knows_sender, params, why);
}

int
marks_sweep(struct db_pool *pool, struct why *why)
{
	int r = db_ask(pool, &sweep_duplicates, NULL, NULL, why);

	if (r == 0)
		r = db_ask(pool, &sweep_replies, NULL, NULL, why);
	return r < 0 ? r : db_ask(pool, &sweep_delivered, NULL, NULL, why);
}
