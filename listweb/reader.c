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
	LOOK_MS = 60000,    /* also when nobody has told */
	AGAIN_MS = 5000,    /* the database is away */
	WORDS_MAX = 200000, /* of one post: to_tsvector() takes 1 MB */
};

/* --- one post --------------------------------------------------------- */

/* As many whole characters as the index takes. */
static struct slice
words_of_message(struct arena *arena, struct slice octets)
{
	struct message *message = arena_new(arena, struct message);
	struct slice text;

	message_read(arena, octets, message);
	text = slice_head(message->text, WORDS_MAX);
	while (text.n > 0 && !slice_is_text(text))
		text.n--;
	return text;
}

static int
read_post(
    const struct ask *ask, const char *archive, const struct unread_post *post)
{
	struct arena *arena = ask->arena;
	struct store store = { archive, arena, ask->why };
	struct slice octets, words = SLICE("");
	bool hidden;
	int r = store_post(&store, post->list, post->n, &octets);

	if (r < 0 && r != -ENOENT)
		return r;
	hidden = r < 0 || message_is_private(octets);
	if (r < 0)
		log_event(LOG_ERR, NULL, "no-post",
		    LOG_TEXT("detail", ask->why->detail));
	if (!hidden)
		words = words_of_message(arena, octets);
	return posts_read(ask, post, hidden, words);
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
