#include "listweb/posts.h"

static const struct db_stmt threads = { "listweb_threads",
	"SELECT n, n, message_id, from_name, from_mail, subject,"
	" to_char(last AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), NULL, false,"
	" posts FROM hauspost.list_threads("
	"$1::bigint, $2, $3::bigint, $4::bigint)",
	4 };
static const struct db_stmt search = { "listweb_search",
	"SELECT n, thread, message_id, from_name, from_mail, subject,"
	" to_char(date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), in_reply_to,"
	" removed IS NOT NULL"
	" FROM hauspost.list_search($1::bigint, $2, $3::bigint, $4::bigint)",
	4 };
static const struct db_stmt thread = { "listweb_thread",
	"SELECT n, thread, message_id, from_name, from_mail, subject,"
	" to_char(date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), in_reply_to,"
	" removed IS NOT NULL"
	" FROM hauspost.list_thread($1::bigint, $2::bigint, $3::bigint)",
	3 };
static const struct db_stmt month = { "listweb_month",
	"SELECT n, thread, message_id, from_name, from_mail, subject,"
	" to_char(date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), in_reply_to,"
	" removed IS NOT NULL"
	" FROM hauspost.list_month($1::bigint, $2, $3::bigint)",
	3 };
static const struct db_stmt latest = { "listweb_latest",
	"SELECT n, thread, message_id, from_name, from_mail, subject,"
	" to_char(date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), in_reply_to,"
	" removed IS NOT NULL"
	" FROM hauspost.list_latest($1::bigint, $2::bigint)",
	2 };
static const struct db_stmt find = { "listweb_find",
	"SELECT n, thread, message_id, from_name, from_mail, subject,"
	" to_char(date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), in_reply_to,"
	" removed IS NOT NULL"
	" FROM hauspost.list_message($1::bigint, $2, $3::bigint)",
	3 };
static const struct db_stmt months = { "listweb_months",
	"SELECT month, posts FROM hauspost.list_months($1::bigint)", 1 };
static const struct db_stmt take_down = { "listweb_take_down",
	"SELECT hauspost.list_take_down($1::bigint, $2::bigint, $3, $4)", 4 };
static const struct db_stmt unread = { "listweb_unread",
	"SELECT list, n FROM hauspost.list_unread($1::integer)", 1 };
static const struct db_stmt archive = { "listweb_archive",
	"SELECT hauspost.list_archive("
	"$1::bigint, $2::bigint, $3::boolean, $4)",
	4 };

enum {
	COLUMN_POSTS = 9,  /* of threads only */
	MONTH_MAX = 10000, /* posts in one download */
	FEED_POSTS = 25,
};

static struct slice
number(const struct ask *ask, long long n)
{
	return db_number_param(ask->arena, n);
}

static struct slice
copy(const struct ask *ask, const struct db_result *result, int row, int column)
{
	return arena_slice(ask->arena, db_text(result, row, column));
}

static void
read_post(const struct ask *ask, const struct db_result *result, int row,
    struct post *post)
{
	*post = (struct post){
		.n = db_number(result, row, 0),
		.thread = db_number(result, row, 1),
		.message_id = copy(ask, result, row, 2),
		.from_name = copy(ask, result, row, 3),
		.from_mail = copy(ask, result, row, 4),
		.subject = copy(ask, result, row, 5),
		.date = copy(ask, result, row, 6),
		.in_reply_to = copy(ask, result, row, 7),
		.removed = db_flag(result, row, 8),
	};
}

static int
read_posts(const struct ask *ask, const struct db_stmt *stmt,
    const struct slice *params, struct posts *out)
{
	struct db_result *result;
	int r = db_ask(ask->db, stmt, params, &result, ask->why);

	*out = (struct posts){ 0, NULL };
	if (r < 0)
		return r;
	out->n = (size_t)db_rows(result);
	out->list = arena_calloc(ask->arena, out->n, sizeof *out->list);
	for (int i = 0; i < db_rows(result); i++) {
		read_post(ask, result, i, &out->list[i]);
		if (stmt == &threads)
			out->list[i].posts = db_number(result, i, COLUMN_POSTS);
	}
	db_done(result);
	return 0;
}

/* One more than a page holds: that there is a next one. */
int
posts_threads(const struct ask *ask, long long list,
    const struct posts_part *part, struct posts *out)
{
	const struct slice params[] = { number(ask, list),
		part->what.n > 0 ? part->what : DB_NULL,
		number(ask, (long long)part->skip),
		number(ask, POSTS_PAGE + 1) };

	return read_posts(ask, &threads, params, out);
}

int
posts_search(const struct ask *ask, long long list,
    const struct posts_part *part, struct posts *out)
{
	const struct slice params[] = { number(ask, list), part->what,
		number(ask, (long long)part->skip),
		number(ask, POSTS_PAGE + 1) };

	return read_posts(ask, &search, params, out);
}

int
posts_thread(
    const struct ask *ask, long long list, long long first, struct posts *out)
{
	const struct slice params[] = { number(ask, list), number(ask, first),
		number(ask, POSTS_THREAD_MAX) };

	return read_posts(ask, &thread, params, out);
}

int
posts_month(const struct ask *ask, long long list, struct slice wanted,
    struct posts *out)
{
	const struct slice params[] = { number(ask, list), wanted,
		number(ask, MONTH_MAX) };

	return read_posts(ask, &month, params, out);
}

int
posts_latest(const struct ask *ask, long long list, struct posts *out)
{
	const struct slice params[] = { number(ask, list),
		number(ask, FEED_POSTS) };

	return read_posts(ask, &latest, params, out);
}

int
posts_find(const struct ask *ask, long long list, const struct posts_key *key,
    struct post *out)
{
	const struct slice params[] = { number(ask, list), key->message_id,
		key->number > 0 ? number(ask, (long long)key->number)
				: DB_NULL };
	struct posts posts;
	int r = read_posts(ask, &find, params, &posts);

	if (r == 0 && posts.n > 0) {
		*out = posts.list[0];
		r = 1;
	}
	return r;
}

int
posts_months(const struct ask *ask, long long list, struct months *out)
{
	struct slice id = number(ask, list);
	struct db_result *result;
	int r = db_ask(ask->db, &months, &id, &result, ask->why);

	*out = (struct months){ 0, NULL };
	if (r < 0)
		return r;
	out->n = (size_t)db_rows(result);
	out->list = arena_calloc(ask->arena, out->n, sizeof *out->list);
	for (int i = 0; i < db_rows(result); i++)
		out->list[i] = (struct month){ copy(ask, result, i, 0),
			db_number(result, i, 1) };
	db_done(result);
	return 0;
}

int
posts_remove(const struct ask *ask, long long list, long long n)
{
	const struct slice params[] = { number(ask, list), number(ask, n),
		ask->session, ask->source };
	struct db_result *result;
	int r = db_ask(ask->db, &take_down, params, &result, ask->why);

	if (r == 0) {
		r = db_flag(result, 0, 0);
		db_done(result);
	}
	return r;
}

/* --- reading new ones ------------------------------------------------- */

int
posts_unread(const struct ask *ask, struct unread *out)
{
	struct slice most = number(ask, sizeof out->posts / sizeof *out->posts);
	struct db_result *result;
	int r = db_ask(ask->db, &unread, &most, &result, ask->why);

	out->n = 0;
	if (r < 0)
		return r;
	for (int i = 0; i < db_rows(result); i++) {
		out->posts[out->n].list = db_number(result, i, 0);
		out->posts[out->n++].n = db_number(result, i, 1);
	}
	db_done(result);
	return 0;
}

int
posts_read(const struct ask *ask, const struct unread_post *post, bool hidden,
    struct slice content)
{
	const struct slice params[] = { number(ask, post->list),
		number(ask, post->n), hidden ? SLICE("t") : SLICE("f"),
		content };

	return db_ask(ask->db, &archive, params, NULL, ask->why);
}
