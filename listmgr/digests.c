#include "listmgr/digests.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <time.h>

#include "core/log.h"
#include "core/scope.h"
#include "listmgr/archive.h"
#include "listmgr/issue.h"
#include "listmgr/letter.h"

enum {
	LOOK_MS = 60 * 1000,
	TEXT_MAX = 64 * 1024,
	/* A post's octets beside those of its message: part and contents. */
	POST_ROOM = 8 * 1024,
	MESSAGE_ROOM = 2 * TEXT_MAX * 3,
	TOKEN_OCTETS = 12,
	TOKEN_TEXT = 2 * TOKEN_OCTETS,
};

static const struct db_stmt begin_stmt = { "digest_start", "BEGIN", 0 };
static const struct db_stmt commit_stmt = { "digest_commit", "COMMIT", 0 };
static const struct db_stmt due_stmt = { "list_digest_due",
	"SELECT hauspost.list_digest_due($1)", 1 };
static const struct db_stmt issue_stmt = { "list_digest_begin",
	"SELECT n, volume, issue, posts, head, foot"
	" FROM hauspost.list_digest_begin($1::bigint)",
	1 };
static const struct db_stmt add_stmt = { "list_digest_add",
	"SELECT hauspost.list_digest_add($1::bigint, $2::bigint, $3::integer,"
	" $4, $5, $6::bigint, $7::integer)",
	7 };

/* One issue on its way. */
struct making {
	const struct digests_options *options;
	struct arena *arena;
	struct db *db;
	struct list list;
	struct issue issue;
	long long n; /* its number among the posts */
	struct issue_post *posts;
	size_t octets; /* of all posts */
};

/* --- what is in it ------------------------------------------------------ */

/* Of a post that is too large for a digest just the begin: its header. */
static int
read_post(struct making *making, long long n, struct slice *message_out,
    struct why *why)
{
	struct archive_view view;
	int r = archive_open_post(
	    making->options->lists, making->list.id, n, &view, why);

	if (r < 0)
		return r;
	*message_out = arena_slice(
	    making->arena, slice_head(view.message, ISSUE_POST_MAX + 1));
	archive_close(&view);
	return 0;
}

/* A file that is gone takes its post out of the digest, not all of it. */
static int
read_posts(struct making *making, const struct slice *numbers, size_t n,
    struct why *why)
{
	making->posts = arena_calloc(making->arena, n, sizeof *making->posts);
	for (size_t i = 0; i < n; i++) {
		struct issue_post *post = &making->posts[making->issue.n_posts];
		int r;

		(void)slice_number(numbers[i], ULLONG_MAX, &post->number);
		r = read_post(
		    making, (long long)post->number, &post->message, why);
		if (r < 0 && r != -ENOENT)
			return r;
		making->issue.n_posts += r == 0;
		making->octets += r == 0 ? post->message.n : 0;
	}
	making->issue.posts = making->posts;
	return 0;
}

static int
read_text(struct making *making, const char *name, struct slice *text_out,
    struct why *why)
{
	const char *path =
	    arena_printf(making->arena, "%s/%s/%s.txt", making->options->texts,
		list_language_name(making->list.language), name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = arena_alloc(making->arena, TEXT_MAX);
	ssize_t n = fd >= 0 ? read(fd, text, TEXT_MAX) : -1;

	if (n < 0)
		return why_fail(why, errno, "read %s", path);
	*text_out = (struct slice){ text, (size_t)n };
	return 0;
}

/* The list's own text, or the usual one; with its words filled in. */
static int
make_text(struct making *making, const char *name, struct slice *text,
    struct why *why)
{
	const struct list *list = &making->list;
	const struct letter_word words[] = {
		{ SLICE("list"), list->address },
		{ SLICE("url"), list->page },
		{ SLICE("owner"),
		    list_sub_address(making->arena, list, "owner") },
		{ SLICE("unsubscribe"),
		    list_sub_address(making->arena, list, "unsubscribe") },
		{ SLICE("set-normal"),
		    list_sub_address(making->arena, list, "set-normal") },
		{ SLICE("issue"),
		    issue_subject(making->arena, &making->issue) },
	};
	AUTO_BUF struct buf filled = BUF_INIT(TEXT_MAX);
	int r = text->p == NULL ? read_text(making, name, text, why) : 0;

	if (r < 0)
		return r;
	letter_fill(&filled, *text, words, sizeof words / sizeof *words);
	*text = arena_slice(making->arena, buf_slice(&filled));
	return 0;
}

/* --- a row and a file --------------------------------------------------- */

static struct slice
make_token(struct arena *arena)
{
	unsigned char octets[TOKEN_OCTETS];
	char *text = arena_alloc(arena, TOKEN_TEXT + 1);

	randombytes_buf(octets, sizeof octets);
	(void)sodium_bin2hex(text, TOKEN_TEXT + 1, octets, sizeof octets);
	return (struct slice){ text, TOKEN_TEXT };
}

static struct slice
text_or_null(struct making *making, const struct db_result *result, int column)
{
	return db_is_null(result, 0, column)
		   ? DB_NULL
		   : arena_slice(making->arena, db_text(result, 0, column));
}

static int
read_row(struct making *making, const struct db_result *result, struct why *why)
{
	struct slice *numbers;
	size_t n = db_array(result, 0, 3, making->arena, &numbers);

	making->n = db_number(result, 0, 0);
	making->issue = (struct issue){ .list = &making->list,
		.volume = (unsigned long long)db_number(result, 0, 1),
		.number = (unsigned long long)db_number(result, 0, 2),
		.now = time(NULL),
		.token = make_token(making->arena),
		.head = text_or_null(making, result, 4),
		.foot = text_or_null(making, result, 5) };
	return read_posts(making, numbers, n, why);
}

/* 1 there is an issue to make, 0 there is none, or -errno. */
static int
begin(struct making *making, struct why *why)
{
	struct slice id = db_number_param(making->arena, making->list.id);
	struct db_result *result;
	int r = db_run(making->db, &issue_stmt, &id, &result, why);

	if (r < 0)
		return r;
	if (db_rows(result) > 0) {
		r = read_row(making, result, why);
		r = r < 0 ? r : 1;
	}
	db_done(result);
	return r;
}

/* Written, and with the number of a post, as the fan-out wants it. */
static int
keep(struct making *making, struct slice message, struct why *why)
{
	const struct lists *lists = making->options->lists;
	char name[ARCHIVE_NAME_MAX];
	int r = archive_write(lists, making->list.id, message, name, why);

	if (r < 0)
		return r;
	r = archive_place_post(lists, making->list.id, name, making->n, why);
	if (r < 0)
		archive_drop(lists, making->list.id, name);
	return r;
}

static int
put(struct making *making, struct buf *message, struct why *why)
{
	int r = make_text(making, "digest-head", &making->issue.head, why);

	if (r == 0)
		r = make_text(making, "digest-foot", &making->issue.foot, why);
	if (r < 0)
		return r;
	r = issue_build(making->arena, &making->issue, message);
	if (r < 0)
		return why_fail(why, -r, "build a digest");
	return keep(making, buf_slice(message), why);
}

static int
add(struct making *making, size_t size_bytes, struct why *why)
{
	struct arena *arena = making->arena;
	const struct slice params[] = {
		db_number_param(arena, making->list.id),
		db_number_param(arena, making->n),
		db_number_param(arena, (long long)making->issue.number),
		issue_message_id(arena, &making->issue),
		issue_subject(arena, &making->issue),
		db_number_param(arena, (long long)size_bytes),
		db_number_param(arena, making->options->group_members),
	};

	return db_run(making->db, &add_stmt, params, NULL, why);
}

static int
store(struct making *making, struct why *why)
{
	AUTO_BUF struct buf message = BUF_INIT(
	    making->octets + making->issue.n_posts * POST_ROOM + MESSAGE_ROOM);
	int r = put(making, &message, why);

	return r < 0 ? r : add(making, message.n, why);
}

static void
report(const struct making *making)
{
	log_event(LOG_INFO, NULL, "digest",
	    LOG_SLICE("list", making->list.address), LOG_NUM("post", making->n),
	    LOG_NUM("posts", (long long)making->issue.n_posts));
}

/* 1 made, 0 nothing to make, or -errno; the pool rolls back what is open. */
static int
in_transaction(struct making *making, struct why *why)
{
	int r = db_run(making->db, &begin_stmt, NULL, NULL, why), found;

	if (r < 0)
		return r;
	found = begin(making, why);
	if (found < 0)
		return found;
	/* All its files are gone: the cursor goes on without them. */
	if (making->issue.n_posts == 0)
		found = 0;
	r = found > 0 ? store(making, why) : 0;
	if (r == 0)
		r = db_run(making->db, &commit_stmt, NULL, NULL, why);
	return r < 0 ? r : found;
}

static int
make_one(const struct digests_options *options, struct arena *arena,
    long long list, struct why *why)
{
	struct making making = { .options = options, .arena = arena };
	int r = list_find_id(options->lists, list, arena, &making.list, why);

	if (r <= 0)
		return r;
	r = db_take(options->lists->db, &making.db, why);
	if (r < 0)
		return r;
	r = in_transaction(&making, why);
	db_give(options->lists->db, making.db);
	if (r > 0)
		report(&making);
	return r;
}

/* --- all that are due --------------------------------------------------- */

static int
make_all(const struct digests_options *options, const struct db_result *due,
    struct why *why)
{
	struct arena arena = ARENA_INIT;
	int made = 0, failure = 0;

	for (int i = 0; i < db_rows(due); i++) {
		/* One list that fails keeps no other one waiting. */
		int r = make_one(options, &arena, db_number(due, i, 0), why);

		arena_reset(&arena);
		made += r > 0;
		failure = r < 0 ? r : failure;
	}
	arena_done(&arena);
	return failure < 0 ? failure : made;
}

int
digests_make(const struct digests_options *options, struct why *why)
{
	struct slice node = slice_of(options->node);
	struct db_result *due;
	int r = db_ask(options->lists->db, &due_stmt, &node, &due, why);

	if (r < 0)
		return r;
	r = make_all(options, due, why);
	db_done(due);
	return r;
}

struct digests {
	struct digests_options options;
	pthread_t thread;
};

static void *
run(void *arg)
{
	const struct digests_options *options = arg;
	struct pollfd stop = { .fd = options->stop_fd, .events = POLLIN };

	do {
		struct why why = { 0 };

		if (digests_make(options, &why) < 0)
			log_event(LOG_ERR, NULL, "digests-wait", LOG_WHY(&why));
	} while (poll(&stop, 1, LOOK_MS) == 0);
	return NULL;
}

struct digests *
digests_start(const struct digests_options *options)
{
	struct digests *digests = calloc(1, sizeof *digests);

	if (digests == NULL)
		abort();
	digests->options = *options;
	if (pthread_create(&digests->thread, NULL, run, &digests->options) != 0)
		abort();
	return digests;
}

void
digests_stop(struct digests *digests)
{
	(void)pthread_join(digests->thread, NULL);
	free(digests);
}
