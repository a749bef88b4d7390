#include "lmtpd/storer/users.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/scope.h"
#include "lmtpd/store_record.h"

enum {
	BUCKETS = 1 << 14,
	CHECK_MS = 60 * 1000, /* a silent connection may be a dead one */
	RETRY_MS = 1000,
	HOME_MAX = 4095, /* PATH_MAX without the NUL */
};

static const struct db_stmt store_user = { "store_user",
	"SELECT uid, gid, home, make_home FROM hauspost.store_user($1)", 1 };
static const struct db_stmt listen_directory = { "listen_directory",
	"LISTEN hauspost_directory", 0 };

struct entry {
	struct user user;
	atomic_int holders; /* the cache is one */
	LIST_ENTRY(entry) in_bucket;
	TAILQ_ENTRY(entry) in_order;
};

struct users {
	struct db_pool *pool;
	size_t limit;

	pthread_mutex_t lock; /* for what follows */
	LIST_HEAD(, entry) buckets[BUCKETS];
	TAILQ_HEAD(order, entry) order; /* last used first */
	size_t n;
	unsigned long notices; /* so far; what is older is not kept */

	pthread_t follower;
	int stop_fd;
	const char *conninfo, *role;
	long timeout_ms;
};

static void *
must(void *allocated)
{
	if (allocated == NULL)
		abort(); /* what was not acknowledged is retried */
	return allocated;
}

struct users *
users_new(struct db_pool *pool, size_t limit)
{
	struct users *users = must(calloc(1, sizeof *users));

	users->pool = pool;
	users->limit = limit;
	users->stop_fd = -1;
	(void)pthread_mutex_init(&users->lock, NULL);
	TAILQ_INIT(&users->order);
	return users;
}

/* --- entries ---------------------------------------------------------- */

static struct entry *
entry_of(struct user *user)
{
	return (struct entry *)user; /* its first member */
}

static struct entry *
entry_new(const char *mailbox, struct slice home)
{
	struct entry *entry = must(calloc(1, sizeof *entry));

	entry->user.mailbox = must(strdup(mailbox));
	entry->user.home = must(strndup(home.p, home.n));
	(void)pthread_rwlock_init(&entry->user.box.counting, NULL);
	atomic_init(&entry->holders, 1);
	return entry;
}

void
users_put(struct user *user)
{
	struct entry *entry;

	if (user == NULL)
		return;
	entry = entry_of(user);
	if (atomic_fetch_sub(&entry->holders, 1) > 1)
		return;
	(void)pthread_rwlock_destroy(&user->box.counting);
	free((char *)user->mailbox);
	free((char *)user->home);
	free(entry);
}

/* --- the cache; the lock is held -------------------------------------- */

/* FNV-1a: mailbox names are the admins', not a stranger's, choice. */
static size_t
bucket_of(const char *mailbox)
{
	uint32_t h = 2166136261U;

	for (; *mailbox != '\0'; mailbox++)
		h = (h ^ (unsigned char)*mailbox) * 16777619U;
	return h % BUCKETS;
}

static struct entry *
find(struct users *users, const char *mailbox)
{
	struct entry *e;

	LIST_FOREACH(e, &users->buckets[bucket_of(mailbox)], in_bucket)
	{
		if (strcmp(e->user.mailbox, mailbox) == 0)
			return e;
	}
	return NULL;
}

static void
forget(struct users *users, struct entry *entry)
{
	LIST_REMOVE(entry, in_bucket);
	TAILQ_REMOVE(&users->order, entry, in_order);
	users->n--;
	users_put(&entry->user);
}

static void
forget_all(struct users *users)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&users->order)) != NULL)
		forget(users, e);
}

static void
keep(struct users *users, struct entry *entry)
{
	struct entry *old = find(users, entry->user.mailbox);

	if (old != NULL) /* two threads asked at once */
		forget(users, old);
	if (users->n >= users->limit)
		forget(users, TAILQ_LAST(&users->order, order));
	(void)atomic_fetch_add(&entry->holders, 1);
	LIST_INSERT_HEAD(
	    &users->buckets[bucket_of(entry->user.mailbox)], entry, in_bucket);
	TAILQ_INSERT_HEAD(&users->order, entry, in_order);
	users->n++;
}

/* --- questions -------------------------------------------------------- */

struct user *
users_find(struct users *users, const char *mailbox)
{
	struct entry *e;

	(void)pthread_mutex_lock(&users->lock);
	e = find(users, mailbox);
	if (e != NULL) {
		(void)atomic_fetch_add(&e->holders, 1);
		TAILQ_REMOVE(&users->order, e, in_order);
		TAILQ_INSERT_HEAD(&users->order, e, in_order);
	}
	(void)pthread_mutex_unlock(&users->lock);
	return e != NULL ? &e->user : NULL;
}

/* Column by column, distrusting: what we read here decides who we become. */
static int
read_user(const struct db_result *result, const char *mailbox,
    struct entry **entry_out, struct why *why)
{
	struct slice home;
	long long uid, gid;

	if (db_rows(result) == 0 || db_is_null(result, 0, 0))
		return why_fail(why, ESRCH, "find mailbox %s", mailbox);
	uid = db_number(result, 0, 0);
	gid = db_number(result, 0, 1);
	home = db_text(result, 0, 2);
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX ||
	    home.n == 0 || home.n > HOME_MAX || home.p[0] != '/')
		return why_fail(
		    why, EINVAL, "use uid, gid and home of %s", mailbox);
	*entry_out = entry_new(mailbox, home);
	(*entry_out)->user.uid = (uid_t)uid;
	(*entry_out)->user.gid = (gid_t)gid;
	(*entry_out)->user.make_home = db_flag(result, 0, 3);
	return 0;
}

static unsigned long
count_notices(struct users *users)
{
	unsigned long n;

	(void)pthread_mutex_lock(&users->lock);
	n = users->notices;
	(void)pthread_mutex_unlock(&users->lock);
	return n;
}

int
users_ask(struct users *users, const char *mailbox, struct user **user_out,
    struct why *why)
{
	const struct slice param = slice_of(mailbox);
	unsigned long before = count_notices(users);
	struct db_result *result = NULL;
	struct entry *entry;
	int r = db_ask(users->pool, &store_user, &param, &result, why);

	if (r == 0)
		r = read_user(result, mailbox, &entry, why);
	db_done(result);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&users->lock);
	if (users->notices == before)
		keep(users, entry);
	(void)pthread_mutex_unlock(&users->lock);
	*user_out = &entry->user;
	return 0;
}

/* --- notifications ---------------------------------------------------- */

static void
drop_name(struct users *users, struct slice name)
{
	char text[STORE_MAILBOX_MAX + 1];
	struct entry *e;

	if (name.n >= sizeof text)
		return; /* nobody we could know */
	(void)memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	e = find(users, text);
	if (e != NULL)
		forget(users, e);
}

void
users_notice(struct users *users, struct slice key)
{
	const struct slice name = SLICE("name:"), all = SLICE("*");

	(void)pthread_mutex_lock(&users->lock);
	users->notices++;
	if (slice_eq(key, all))
		forget_all(users);
	else if (slice_eq(slice_head(key, name.n), name))
		drop_name(users, slice_tail(key, name.n));
	(void)pthread_mutex_unlock(&users->lock);
}

static int
take_notices(struct users *users, struct db *db, struct why *why)
{
	struct slice key;
	int r;

	while ((r = db_next_notice(db, &key, why)) > 0)
		users_notice(users, key);
	return r;
}

/* Whether we are to stop, after waiting for db_fd at most timeout_ms. */
static bool
wait_or_stop(const struct users *users, int db_fd, int timeout_ms)
{
	struct pollfd p[] = { { .fd = users->stop_fd, .events = POLLIN },
		{ .fd = db_fd, .events = POLLIN } };

	(void)poll(p, 2, timeout_ms); /* after EINTR: one round more */
	return p[0].revents != 0;
}

/* Until we are to stop (0), or the connection is lost (negative). */
static int
follow_connection(struct users *users, struct db *db, struct why *why)
{
	int r = db_run(db, &listen_directory, NULL, NULL, why);
	long checked_ms = clock_ms();

	/* What changed while nobody listened, nobody told us. */
	if (r == 0)
		users_notice(users, SLICE("*"));
	while (r == 0) {
		if (wait_or_stop(users, db_socket(db), CHECK_MS))
			return 0;
		if (clock_ms() - checked_ms >= CHECK_MS) {
			/* Harmless, and it finds out who is still there. */
			r = db_run(db, &listen_directory, NULL, NULL, why);
			checked_ms = clock_ms();
		}
		if (r == 0)
			r = take_notices(users, db, why);
	}
	return r;
}

static int
follow_once(struct users *users, struct why *why)
{
	struct db *db;
	int r =
	    db_open(users->conninfo, users->role, users->timeout_ms, &db, why);

	if (r < 0)
		return r;
	r = follow_connection(users, db, why);
	db_close(db);
	return r;
}

static void *
follow(void *arg)
{
	struct users *users = arg;
	bool told = false;

	while (!wait_or_stop(users, -1, 0)) {
		struct why why = { 0 };
		long began_ms = clock_ms();

		if (follow_once(users, &why) == 0)
			break;
		/* One line for an outage, however long it is. */
		if (!told || clock_ms() - began_ms > CHECK_MS)
			log_event(
			    LOG_WARNING, NULL, "directory-lost", LOG_WHY(&why));
		told = true;
		(void)wait_or_stop(users, -1, RETRY_MS);
	}
	return NULL;
}

int
users_follow(struct users *users, const char *conninfo, const char *role,
    long timeout_ms, struct why *why)
{
	int r;

	users->conninfo = conninfo;
	users->role = role;
	users->timeout_ms = timeout_ms;
	users->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (users->stop_fd < 0)
		return why_fail(why, errno, "make an eventfd");
	r = pthread_create(&users->follower, NULL, follow, users);
	if (r != 0) {
		(void)close_fd(&users->stop_fd);
		return why_fail(why, r, "start a thread");
	}
	return 0;
}

void
users_unfollow(struct users *users)
{
	(void)eventfd_write(users->stop_fd, 1);
	(void)pthread_join(users->follower, NULL);
	(void)close_fd(&users->stop_fd);
}

void
users_free(struct users *users)
{
	forget_all(users);
	(void)pthread_mutex_destroy(&users->lock);
	free(users);
}
