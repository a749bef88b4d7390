#include "fetcher/items.h"

static const struct db_stmt list = { "fetch-list",
	"SELECT place, item, uid, remove, arrival, doubtful"
	" FROM hauspost.fetch_list($1::bigint, $2, $3::bigint, $4::text[],"
	" $5::bigint[], $6::boolean, $7::boolean)",
	7 };
static const struct db_stmt expired = { "fetch-expired",
	"SELECT item, uid"
	" FROM hauspost.fetch_expired($1::bigint, $2, $3::bigint)",
	3 };
static const struct db_stmt known = { "fetch-known",
	"SELECT hauspost.fetch_known($1::bigint, $2::bigint, $3::bytea,"
	" $4::boolean)",
	4 };
static const struct db_stmt delivered = { "fetch-delivered",
	"SELECT hauspost.fetch_delivered($1::bigint, $2::bigint[],"
	" $3::bytea[], $4::bigint)",
	4 };
static const struct db_stmt gone = { "fetch-gone",
	"SELECT hauspost.fetch_gone($1::bigint, $2::bigint[])", 2 };
static const struct db_stmt failed = { "fetch-failed",
	"SELECT hauspost.fetch_failed($1::bigint, $2::bigint, $3,"
	" $4::boolean)",
	4 };
static const struct db_stmt total = { "fetch-total",
	"SELECT hauspost.fetch_total($1::bigint, $2::integer)", 2 };
static const struct db_stmt folder_state = { "fetch-folder-state",
	"SELECT uidvalidity, uidnext, compare"
	" FROM hauspost.fetch_folder_state($1::bigint, $2)",
	2 };
static const struct db_stmt folder_done = { "fetch-folder-done",
	"SELECT hauspost.fetch_folder_done($1::bigint, $2, $3::bigint,"
	" $4::bigint)",
	4 };

static const struct db_stmt compare = { "fetch-compare",
	"SELECT hauspost.fetch_compare($1::bigint, $2, $3::bigint,"
	" $4::text[])",
	4 };
static const struct db_stmt hint = { "fetch-hint",
	"SELECT hauspost.fetch_hint($1::bigint, $2)", 2 };

static int
ask(struct items *items, const struct db_stmt *stmt, const struct slice *params,
    struct db_result **result_out)
{
	struct why why = { 0 };
	int r = db_ask(items->pool, stmt, params, result_out, &why);

	return r < 0 ? trouble_ours(items->trouble, &why) : 0;
}

static struct slice
number(struct items *items, long long n)
{
	return db_number_param(items->arena, n);
}

static struct slice
flag(bool set)
{
	return set ? SLICE("true") : SLICE("false");
}

/* --- lists ------------------------------------------------------------ */

static struct item
read_item(struct items *items, const struct db_result *rows, int i)
{
	return (struct item){ .place = (size_t)db_number(rows, i, 0) - 1,
		.id = db_number(rows, i, 1),
		.uid = arena_slice(items->arena, db_text(rows, i, 2)),
		.remove = db_flag(rows, i, 3),
		.arrival = db_number(rows, i, 4),
		.doubtful = db_flag(rows, i, 5) };
}

int
items_list(struct items *items, const struct listing *listing,
    struct item **items_out, size_t *n_out)
{
	struct arena *arena = items->arena;
	const struct slice params[] = { items->account, listing->folder,
		number(items, (long long)listing->validity),
		db_array_param(arena, listing->uids, listing->n),
		db_array_param(arena, listing->sizes, listing->n),
		flag(listing->whole), flag(listing->renamed) };
	struct db_result *rows;
	int r = ask(items, &list, params, &rows);

	if (r < 0)
		return r;
	*n_out = (size_t)db_rows(rows);
	*items_out = arena_calloc(arena, *n_out, sizeof **items_out);
	for (size_t i = 0; i < *n_out; i++)
		(*items_out)[i] = read_item(items, rows, (int)i);
	db_done(rows);
	return 0;
}

int
items_expired(struct items *items, const struct listing *listing,
    struct item **items_out, size_t *n_out)
{
	const struct slice params[] = { items->account, listing->folder,
		number(items, (long long)listing->validity) };
	struct db_result *rows;
	int r = ask(items, &expired, params, &rows);

	if (r < 0)
		return r;
	*n_out = (size_t)db_rows(rows);
	*items_out = arena_calloc(items->arena, *n_out, sizeof **items_out);
	for (size_t i = 0; i < *n_out; i++) {
		(*items_out)[i].id = db_number(rows, (int)i, 0);
		(*items_out)[i].uid =
		    arena_slice(items->arena, db_text(rows, (int)i, 1));
		(*items_out)[i].remove = true;
	}
	db_done(rows);
	return 0;
}

/* --- single messages -------------------------------------------------- */

struct slice
items_hash(struct items *items, const unsigned char hash[MESSAGE_HASH])
{
	char *text = arena_alloc(items->arena, 2 * MESSAGE_HASH + 3);

	text[0] = '\\';
	text[1] = 'x';
	(void)sodium_bin2hex(
	    text + 2, 2 * MESSAGE_HASH + 1, hash, MESSAGE_HASH);
	return slice_of(text);
}

int
items_known(struct items *items, const struct item *item,
    const unsigned char hash[MESSAGE_HASH], bool dedup)
{
	const struct slice params[] = { items->account, number(items, item->id),
		items_hash(items, hash), flag(dedup) };
	struct db_result *rows;
	int r = ask(items, &known, params, &rows);

	if (r < 0)
		return r;
	r = db_flag(rows, 0, 0);
	db_done(rows);
	return r;
}

int
items_delivered(struct items *items, const struct items_batch *batch)
{
	const struct slice params[] = { items->account,
		db_array_param(items->arena, batch->ids, batch->n),
		db_array_param(items->arena, batch->hashes, batch->n),
		number(items, (long long)batch->bytes) };

	return ask(items, &delivered, params, NULL);
}

int
items_gone(struct items *items, const struct slice *ids, size_t n)
{
	const struct slice params[] = { items->account,
		db_array_param(items->arena, ids, n) };

	return n > 0 ? ask(items, &gone, params, NULL) : 0;
}

int
items_failed(struct items *items, const struct item *item, const char *error,
    bool for_good)
{
	const struct slice params[] = { items->account, number(items, item->id),
		slice_of(error), flag(for_good) };

	return ask(items, &failed, params, NULL);
}

int
items_total(struct items *items, size_t n)
{
	const struct slice params[] = { items->account,
		number(items, (long long)n) };

	return n > 0 ? ask(items, &total, params, NULL) : 0;
}

int
items_hint(struct items *items, const char *code)
{
	const struct slice params[] = { items->account, slice_of(code) };

	return ask(items, &hint, params, NULL);
}

/* --- folders ---------------------------------------------------------- */

int
items_folder(
    struct items *items, struct slice folder, struct items_folder *folder_out)
{
	const struct slice params[] = { items->account, folder };
	struct db_result *rows;
	int r = ask(items, &folder_state, params, &rows);

	if (r < 0)
		return r;
	*folder_out = (struct items_folder){ .next = 1 };
	if (db_rows(rows) > 0) {
		folder_out->validity = (uint64_t)db_number(rows, 0, 0);
		folder_out->next = (uint64_t)db_number(rows, 0, 1);
		folder_out->compare = db_flag(rows, 0, 2);
	}
	db_done(rows);
	return 0;
}

int
items_folder_done(
    struct items *items, struct slice folder, const struct items_folder *state)
{
	const struct slice params[] = { items->account, folder,
		number(items, (long long)state->validity),
		number(items, (long long)state->next) };

	return ask(items, &folder_done, params, NULL);
}

int
items_compare(struct items *items, const struct listing *listing)
{
	const struct slice params[] = { items->account, listing->folder,
		number(items, (long long)listing->validity),
		db_array_param(items->arena, listing->uids, listing->n) };

	return ask(items, &compare, params, NULL);
}
