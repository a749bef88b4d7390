#include "listmgr/held.h"

#include "core/log.h"
#include "listmgr/archive.h"

static const struct db_stmt begin = { "held-begin", "BEGIN", 0 };
static const struct db_stmt commit = { "held-commit", "COMMIT", 0 };
static const struct db_stmt next_held = { "held-next",
	"SELECT hauspost.list_held_next()", 0 };
static const struct db_stmt hold = { "held-hold",
	"SELECT hauspost.list_hold($1::bigint, $2::bigint, $3, $4, $5, $6, $7,"
	" $8, $9::bigint, $10::boolean, $11::jsonb, $12::boolean)",
	12 };
static const struct db_stmt to_owner = { "held-to-owner",
	"SELECT hauspost.list_to_owner($1::bigint, $2::bigint, $3,"
	" $4::boolean)",
	4 };
static const struct db_stmt old_held = { "held-old",
	"SELECT id, list FROM hauspost.list_old_held($1)", 1 };
static const struct db_stmt forget = { "held-forget",
	"SELECT hauspost.list_forget_held($1::bigint[])", 1 };

/* --- keeping ----------------------------------------------------------------
 */

static struct slice
flag(bool is)
{
	return is ? SLICE("t") : SLICE("f");
}

static struct slice
or_null(struct slice text)
{
	return text.n > 0 ? text : DB_NULL;
}

static int
take_number(struct db *db, long long *id_out, struct why *why)
{
	struct db_result *result;
	int r = db_run(db, &next_held, NULL, &result, why);

	if (r < 0)
		return r;
	*id_out = db_number(result, 0, 0);
	db_done(result);
	return 0;
}

static int
add_row(const struct mail *mail, const struct held *held, long long id,
    struct db *db, struct why *why)
{
	struct arena *arena = mail->arena;
	const struct slice params[] = { db_number_param(arena, id),
		db_number_param(arena, mail->list.id), slice_of(held->kind),
		held->reason, mail->sender, or_null(held->author),
		held->subject, held->message_id,
		db_number_param(arena, (long long)mail->message.n),
		flag(held->spam), held->auth.n > 0 ? held->auth : SLICE("{}"),
		flag(held->tell) };
	int r = db_run(db, &hold, params, NULL, why);

	if (r < 0 || !slice_eq(slice_of(held->kind), SLICE("owner")))
		return r;
	return db_run(db, &to_owner,
	    (const struct slice[]){
		params[0], params[1], params[5], flag(held->verified) },
	    NULL, why);
}

/* File and row together: the file has its place before the COMMIT. */
static int
number_it(const struct mail *mail, const struct held *held, const char *name,
    struct db *db, struct why *why)
{
	long long id;
	int r = db_run(db, &begin, NULL, NULL, why);

	if (r == 0)
		r = take_number(db, &id, why);
	if (r == 0)
		r = archive_place_held(
		    &mail->listmgr->lists, mail->list.id, name, id, why);
	if (r == 0)
		r = add_row(mail, held, id, db, why);
	return r == 0 ? db_run(db, &commit, NULL, NULL, why) : r;
}

static int
store(const struct mail *mail, const struct held *held, struct why *why)
{
	const struct lists *lists = &mail->listmgr->lists;
	char name[ARCHIVE_NAME_MAX];
	struct db *db;
	int r = archive_write(lists, mail->list.id, mail->message, name, why);

	if (r < 0)
		return r;
	r = db_take(lists->db, &db, why);
	if (r == 0) {
		r = number_it(mail, held, name, db, why);
		db_give(lists->db, db);
	}
	if (r < 0)
		archive_drop(lists, mail->list.id, name);
	return r;
}

enum verdict
held_keep(const struct mail *mail, const struct held *held, struct why *why)
{
	if (store(mail, held, why) < 0)
		return MAIL_TEMPFAIL;
	log_event(LOG_INFO, mail->queue_id, "held",
	    LOG_SLICE("list", mail->list.address), LOG_TEXT("kind", held->kind),
	    LOG_SLICE("from", mail->sender), LOG_SLICE("why", held->reason));
	return why_say(why, 250, "2.0.0", "taken, waits for a moderator");
}

/* --- sweeping ---------------------------------------------------------------
 */

/* Files first: a row without a file is harmless, a file without one stays. */
static struct slice
remove_files(const struct lists *lists, const struct db_result *rows,
    struct arena *arena)
{
	size_t n = (size_t)db_rows(rows);
	struct slice *ids = arena_calloc(arena, n, sizeof *ids);

	for (size_t i = 0; i < n; i++) {
		long long id = db_number(rows, (int)i, 0);

		archive_drop_held(lists, db_number(rows, (int)i, 1), id);
		ids[i] = db_number_param(arena, id);
	}
	return db_array_param(arena, ids, n);
}

int
held_sweep(const struct lists *lists, struct slice node, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct db_result *rows;
	struct slice ids;
	int n, r = db_ask(lists->db, &old_held, &node, &rows, why);

	if (r < 0)
		return r;
	n = db_rows(rows);
	ids = remove_files(lists, rows, &arena);
	db_done(rows);
	if (n > 0)
		r = db_ask(lists->db, &forget, &ids, NULL, why);
	arena_done(&arena);
	return r < 0 ? r : n;
}
