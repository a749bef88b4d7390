#include "listweb/reader.h"

#include <errno.h>
#include <poll.h>

#include "core/log.h"
#include "core/program.h"
#include "core/scope.h"
#include "listweb/message.h"
#include "listweb/posts.h"

static const struct db_stmt hear = { "listweb_hear", "LISTEN hauspost_list",
	0 };

enum {
	WORD_MAX = 200,
	LOOK_MS = 60000,    /* also when nobody has told */
	AGAIN_MS = 5000,    /* the database is away */
	WORDS_MAX = 200000, /* of one post: to_tsvector() takes 1 MB */
};

/* --- one post --------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* A run of letters that long is no word, and the index takes the square of
 * its length to find that out. */
static struct slice
without_long_words(struct arena *arena, struct slice text)
{
	char *to = arena_alloc(arena, text.n + 2);
	size_t n = 0;

	while (text.n > 0) {
		size_t word = 0;

		while (word < text.n && !is_blank(text.p[word]))
			word++;
		if (word <= WORD_MAX)
			(void)memcpy(to + n, text.p, word);
		n += word <= WORD_MAX ? word : 0;
		to[n++] = ' ';
		text = slice_tail(text, word + 1);
	}
	return (struct slice){ to, n };
}

/* As many whole characters as the index takes. */
static struct slice
words_of_message(struct arena *arena, struct slice octets)
{
	struct message *message = arena_new(arena, struct message);
	struct slice text;

	message_read(arena, octets, message);
	text = without_long_words(arena, message->text);
	text = slice_head(text, WORDS_MAX);
	while (text.n > 0 && !slice_is_text(text))
		text.n--;
	return text;
}

/* What the index cannot take is in the archive, and not found by words. */
static int
put_words(
    const struct ask *ask, const struct unread_post *post, struct slice words)
{
	int r = posts_read(ask, post, false, words);

	if (r != -ETIMEDOUT && r != -EINVAL && r != -EPROTO)
		return r;
	log_event(LOG_WARNING, NULL, "no-words",
	    LOG_TEXT("detail", ask->why->detail));
	return posts_read(ask, post, false, SLICE(""));
}

static int
read_post(
    const struct ask *ask, const char *archive, const struct unread_post *post)
{
	struct store store = { archive, ask->arena, ask->why };
	struct slice octets;
	int r = store_post(&store, post->list, post->n, &octets);

	if (r == -ENOENT)
		log_event(LOG_ERR, NULL, "no-post",
		    LOG_TEXT("detail", ask->why->detail));
	else if (r < 0)
		return r;
	if (r == -ENOENT || message_is_private(octets))
		return posts_read(ask, post, true, SLICE(""));
	return put_words(ask, post, words_of_message(ask->arena, octets));
}

static int
read_some(const struct ask *ask, const char *archive, size_t *n_out)
{
	struct unread unread;
	int r = posts_unread(ask, &unread);

	*n_out = unread.n;
	for (size_t i = 0; i < unread.n && r == 0; i++) {
		struct arena arena = ARENA_INIT;
		struct ask one = *ask;

		one.arena = &arena;
		r = read_post(&one, archive, &unread.posts[i]);
		arena_done(&arena);
	}
	return r;
}

/* All there are; what fails is told, and looked at later. */
static int
read_all(struct service *service)
{
	struct arena arena = ARENA_INIT;
	struct why why = { 0 };
	struct ask ask = { service->db, &arena, SLICE(""), SLICE("reader"),
		&why };
	size_t n;
	int r;

	do {
		r = read_some(&ask, service->config->archive, &n);
		arena_reset(&arena);
	} while (r == 0 && n > 0);
	if (r < 0)
		log_event(LOG_WARNING, NULL, "not-read",
		    LOG_TEXT("detail", why.detail));
	arena_done(&arena);
	return r;
}

/* --- waiting ---------------------------------------------------------- */

/* NULL while the database is away: then a clock has to do. */
static struct db *
listen_for_posts(const struct listweb_config *config)
{
	struct why why = { 0 };
	struct db *db;

	if (db_open(config->common.database, LISTWEB_ROLE,
		config->common.database_timeout_ms, &db, &why) < 0)
		return NULL;
	if (db_run(db, &hear, NULL, NULL, &why) == 0)
		return db;
	db_close(db);
	return NULL;
}

/* False: the connection is lost. */
static bool
take_notices(struct db *db)
{
	struct why why = { 0 };
	struct slice payload;
	int r;

	while ((r = db_next_notice(db, &payload, &why)) > 0)
		;
	return r == 0;
}

/* Until there may be something new; false: to stop. */
static bool
wait_for_posts(struct db **db, int stop_fd, int wait_ms)
{
	struct pollfd fds[] = {
		{ .fd = stop_fd, .events = POLLIN },
		{ .fd = *db != NULL ? db_socket(*db) : -1, .events = POLLIN },
	};

	if (poll(fds, 2, wait_ms) < 0)
		return errno == EINTR;
	if (fds[1].revents != 0 && !take_notices(*db)) {
		db_close(*db);
		*db = NULL;
	}
	return fds[0].revents == 0;
}

int
reader_run(struct service *service, struct why *why)
{
	AUTO_CLOSE int stop_fd = program_stop_fd();
	struct db *db = NULL;
	int r;

	if (stop_fd < 0)
		return why_fail(why, -stop_fd, "signalfd");
	do {
		if (db == NULL)
			db = listen_for_posts(service->config);
		r = read_all(service);
	} while (wait_for_posts(
	    &db, stop_fd, r < 0 || db == NULL ? AGAIN_MS : LOOK_MS));
	if (db != NULL)
		db_close(db);
	return 0;
}
