#include "core/directory.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "core/cache.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/directory_source.h"
#include "core/flight.h"
#include "core/scope.h"

/*
 * What a caller gets is what was remembered, or what his own query said, or
 * what somebody else's said that began after he came, or, when the query
 * failed, what was remembered before LISTEN was lost. know() tries them in
 * this order.
 *
 * The listening thread is the only one that changes `listening` and marks
 * keys as changed. On its way back it first listens, then forgets all, then
 * says so: a change that is committed in between is either heard or seen by
 * the queries that begin afterwards.
 */

enum {
	RELISTEN_FIRST_MS = 100, /* doubling */
	RELISTEN_LAST_MS = 2000,
	/* While the database hangs, only one query in this time runs into its
	 * time limit; the others share that failure at once. Otherwise every
	 * recipient would hold its SMTP connection for the whole limit. */
	OUTAGE_MS = 1000,
	MAX_SIZE_LASTS_MS = 60000,
};

/* The last time the database did not answer in time. */
struct outage {
	pthread_mutex_t lock;
	long until_ms;
	struct why why;
};

enum counter { HITS, MISSES, JOINED, STALE, FAILURES, LISTENS, COUNTERS };

struct directory {
	struct directory_source source;
	struct directory_hooks hooks;
	long timeout_ms, stale_max_ms;
	struct cache *cache;
	struct flights *flights;
	struct outage outage;

	bool started;
	pthread_t listener;
	int stop_fd;
	atomic_bool listening;
	atomic_long lost_ms; /* when listening ended */

	atomic_uint_fast64_t counters[COUNTERS];
};

static void
count(struct directory *dir, enum counter counter)
{
	(void)atomic_fetch_add_explicit(
	    &dir->counters[counter], 1, memory_order_relaxed);
}

/* --- listening -------------------------------------------------------- */

static void
tell_listening(struct directory *dir, const struct why *lost)
{
	if (dir->hooks.on_listening != NULL)
		dir->hooks.on_listening(dir->hooks.arg, lost);
}

/* True when we shall stop. */
static bool
pause_listening(struct directory *dir, long ms)
{
	struct pollfd stop = { .fd = dir->stop_fd, .events = POLLIN };

	return poll(&stop, 1, (int)ms) > 0;
}

/* Until LISTEN works; false when we shall stop. */
static bool
begin_listening(struct directory *dir, bool tell)
{
	long wait_ms = RELISTEN_FIRST_MS;
	struct why why = { 0 };

	while (dir->source.listen(dir->source.self, &why) < 0) {
		if (tell)
			tell_listening(dir, &why);
		tell = false;
		if (pause_listening(dir, wait_ms))
			return false;
		wait_ms *= 2;
		if (wait_ms > RELISTEN_LAST_MS)
			wait_ms = RELISTEN_LAST_MS;
	}
	cache_change_all(dir->cache);
	cache_clear(dir->cache);
	atomic_store(&dir->listening, true);
	count(dir, LISTENS);
	tell_listening(dir, NULL);
	return true;
}

static void
take_change(struct directory *dir, struct slice key)
{
	if (slice_eq(key, SLICE("*")))
		cache_change_all(dir->cache);
	else
		cache_change(dir->cache, key);
	if (dir->hooks.on_change != NULL)
		dir->hooks.on_change(dir->hooks.arg, key);
}

/* Until LISTEN is lost (true), or we shall stop. */
static bool
take_changes(struct directory *dir)
{
	struct why why = { 0 };
	struct slice key;
	int r;

	while ((r = dir->source.next_change(
		    dir->source.self, dir->stop_fd, &key, &why)) > 0)
		take_change(dir, key);
	atomic_store(&dir->lost_ms, clock_ms());
	atomic_store(&dir->listening, false);
	if (r < 0)
		tell_listening(dir, &why);
	return r < 0;
}

static void *
listen_always(void *arg)
{
	struct directory *dir = arg;
	bool more = begin_listening(dir, true);

	while (more)
		more = take_changes(dir) && begin_listening(dir, false);
	return NULL;
}

/* --- asking ----------------------------------------------------------- */

static bool
is_outage(struct directory *dir, struct why *why)
{
	bool away;

	if (atomic_load(&dir->listening))
		return false;
	(void)pthread_mutex_lock(&dir->outage.lock);
	away = clock_ms() < dir->outage.until_ms;
	if (away)
		*why = dir->outage.why;
	(void)pthread_mutex_unlock(&dir->outage.lock);
	return away;
}

/* Other failures come at once, and say nothing about the next query. */
static void
note_outage(struct directory *dir, int error, const struct why *why)
{
	if (error != -ETIMEDOUT)
		return;
	(void)pthread_mutex_lock(&dir->outage.lock);
	dir->outage.until_ms = clock_ms() + OUTAGE_MS;
	dir->outage.why = *why;
	(void)pthread_mutex_unlock(&dir->outage.lock);
}

static int
check_resolve(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct answer answer;
	struct why ignored;
	int r = answer_read(arena, rows, &answer, why);

	if (r == 0)
		*good_out = answer_verdict(answer.leaves, answer.n, &ignored) ==
			    MAIL_OK;
	return r;
}

static int
check_leaf(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct leaf_target target;
	int r = leaf_target_read(rows, &target, why);

	(void)arena;
	if (r == 0)
		*good_out = target.kind == LEAF_UNEXPANDED ||
			    target.code / 100 == MAIL_OK;
	return r;
}

static int
check_domain(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct domain_class class;
	int r = domain_class_read(rows, &class, why);

	(void)arena;
	if (r == 0)
		*good_out = class.class.n > 0;
	return r;
}

static int
check_max_size(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	int64_t bytes;

	(void)arena;
	*good_out = true;
	return max_size_read(rows, &bytes, why);
}

/* Stale, an address that is unknown may be known by now. */
static int
check_setup(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct setup setup;
	int r = setup_read(arena, rows, &setup, why);

	if (r == 0)
		*good_out = setup.status == SETUP_MAILBOX ||
			    setup.status == SETUP_DOMAIN;
	return r;
}

/* What an owner set up before the outage still is what he wants. */
static int
check_scripts(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct scripts scripts;

	*good_out = true;
	return scripts_read(arena, rows, &scripts, why);
}

static int
check_forwarding(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct forwarding forwarding;

	*good_out = true;
	return forwarding_read(arena, rows, &forwarding, why);
}

/* Stale, who was nobody then may have become somebody. */
static int
check_account(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct sender_account account;
	int r = sender_account_read(rows, &account, why);

	(void)arena;
	if (r == 0)
		*good_out = account.mailbox.n > 0;
	return r;
}

static int
check_may_send(struct arena *arena, const struct rows *rows, bool *good_out,
    struct why *why)
{
	struct sender_right right;
	int r = sender_right_read(rows, &right, why);

	(void)arena;
	if (r == 0)
		*good_out = right.why.verdict == MAIL_OK;
	return r;
}

static const struct trait {
	/* Makes sense of rows: 0 and whether they accept, or -EPROTO. */
	int (*check)(struct arena *arena, const struct rows *rows,
	    bool *good_out, struct why *why);
	bool any;      /* its keys are not known: any change may change it */
	long lasts_ms; /* at most */
} traits[] = {
	[DIRECTORY_RESOLVE] = { check_resolve, false, LONG_MAX },
	[DIRECTORY_LEAF] = { check_leaf, false, LONG_MAX },
	[DIRECTORY_DOMAIN] = { check_domain, false, LONG_MAX },
	[DIRECTORY_MAX_SIZE] = { check_max_size, true, MAX_SIZE_LASTS_MS },
	[DIRECTORY_SETUP] = { check_setup, false, LONG_MAX },
	[DIRECTORY_SCRIPTS] = { check_scripts, false, LONG_MAX },
	[DIRECTORY_FORWARDING] = { check_forwarding, false, LONG_MAX },
	[DIRECTORY_ACCOUNT] = { check_account, false, LONG_MAX },
	[DIRECTORY_MAY_SEND] = { check_may_send, false, LONG_MAX },
};

/* What is asked, and by what it is remembered. */
struct inquiry {
	struct directory_question question;
	struct slice key;
};

static int
ask_source(struct directory *dir, const struct directory_question *question,
    struct arena *arena, struct directory_reply *reply_out, struct why *why)
{
	int r;

	if (is_outage(dir, why))
		return -ETIMEDOUT;
	r = dir->source.ask(dir->source.self, question, arena, reply_out, why);
	if (r < 0)
		note_outage(dir, r, why);
	return r;
}

static long
end_of(long began_ms, long lasts_ms)
{
	return lasts_ms > LONG_MAX - began_ms ? LONG_MAX : began_ms + lasts_ms;
}

/* Asks, and remembers what is worth it. Fills item but for its octets. */
static int
ask_and_keep(struct directory *dir, const struct inquiry *inquiry,
    struct arena *arena, struct cache_item *item, struct why *why)
{
	const struct trait *trait = &traits[inquiry->question.query];
	struct directory_reply reply;
	int r;

	*item = (struct cache_item){ .began = cache_now(dir->cache),
		.born_ms = clock_ms(),
		.any = trait->any };
	r = ask_source(dir, &inquiry->question, arena, &reply, why);
	if (r == 0)
		r = trait->check(arena, &reply.rows, &item->good, why);
	if (r < 0)
		return r;
	if (reply.lasts_ms > trait->lasts_ms)
		reply.lasts_ms = trait->lasts_ms;
	item->octets = rows_pack(arena, &reply.rows);
	item->expires_ms = end_of(item->born_ms, reply.lasts_ms);
	if (dir->started && reply.lasts_ms > 0 &&
	    !cache_is_overtaken(
		dir->cache, item->began, reply.keys, reply.n_keys))
		cache_put(
		    dir->cache, inquiry->key, item, reply.keys, reply.n_keys);
	return 0;
}

static void
lead_flight(struct directory *dir, const struct inquiry *inquiry,
    struct arena *arena, struct flight *flight)
{
	struct flight_outcome outcome = { 0 };
	struct cache_item item = { 0 };

	count(dir, MISSES);
	outcome.error = ask_and_keep(dir, inquiry, arena, &item, &outcome.why);
	if (outcome.error < 0)
		count(dir, FAILURES);
	outcome.octets = item.octets;
	outcome.began = item.began;
	flight_land(dir->flights, flight, &outcome);
}

static int
say_timed_out(struct why *why)
{
	(void)why_say(why, 451, "4.3.0", "directory unavailable, try later");
	why_detail(why, "database: no answer within the time limit");
	return -ETIMEDOUT;
}

/*
 * 1 with the answer, 0 when the flight began before a change that we, who
 * came later, must not miss; -errno.
 */
static int
take_outcome(const struct flight *flight, uint64_t arrival, struct arena *arena,
    struct slice *octets_out, struct why *why)
{
	const struct flight_outcome *outcome = flight_outcome(flight);

	if (outcome->error < 0) {
		*why = outcome->why;
		return outcome->error;
	}
	if (outcome->began < arrival)
		return 0;
	*octets_out = arena_slice(arena, outcome->octets);
	return 1;
}

/* One flight, as its leader or aboard: as take_outcome(). */
static int
fly(struct directory *dir, const struct inquiry *inquiry, struct arena *arena,
    struct slice *octets_out, struct why *why)
{
	uint64_t arrival = cache_now(dir->cache);
	struct flight *flight;
	int r = 0;

	if (flight_board(dir->flights, inquiry->key, &flight)) {
		lead_flight(dir, inquiry, arena, flight);
	} else {
		count(dir, JOINED);
		r = flight_wait(
		    dir->flights, flight, inquiry->question.deadline_ms);
	}
	if (r < 0)
		r = say_timed_out(why);
	else
		r = take_outcome(flight, arrival, arena, octets_out, why);
	flight_leave(dir->flights, flight);
	return r;
}

static int
ask_once(struct directory *dir, const struct inquiry *inquiry,
    struct arena *arena, struct slice *octets_out, struct why *why)
{
	int r;

	do
		r = fly(dir, inquiry, arena, octets_out, why);
	while (r == 0);
	return r < 0 ? r : 0;
}

/* --- knowing ---------------------------------------------------------- */

struct knowledge {
	struct rows rows;
	bool stale;
};

/* Called while we do not listen. */
static bool
may_serve(const struct directory *dir, const struct cache_item *item)
{
	long since_ms = atomic_load(&dir->lost_ms);

	if (since_ms < item->born_ms)
		since_ms = item->born_ms;
	return item->good && clock_ms() - since_ms <= dir->stale_max_ms;
}

static struct inquiry
inquire(const struct directory *dir, struct arena *arena,
    enum directory_query query, struct slice text)
{
	char *key = arena_alloc(arena, text.n + 1);

	key[0] = (char)('a' + (int)query);
	if (text.n > 0)
		(void)memcpy(key + 1, text.p, text.n);
	return (struct inquiry){
		.question = { query, text, clock_ms() + dir->timeout_ms },
		.key = { key, text.n + 1 },
	};
}

static int
know(struct directory *dir, const struct inquiry *inquiry, struct arena *arena,
    struct knowledge *known_out, struct why *why)
{
	/* In this order: what is found after we listen is no leftover. */
	bool listening = atomic_load(&dir->listening);
	struct cache_item item;
	bool found =
	    cache_find(dir->cache, inquiry->key, clock_ms(), arena, &item);
	int r = 0;

	known_out->stale = false;
	if (found && listening) {
		count(dir, HITS);
	} else {
		r = ask_once(dir, inquiry, arena, &item.octets, why);
	}
	if (r < 0) {
		if (!found || !may_serve(dir, &item))
			return r;
		count(dir, STALE);
		known_out->stale = true;
	}
	known_out->rows = rows_unpack(arena, item.octets);
	return 0;
}

int
directory_resolve(struct directory *dir, struct arena *arena,
    struct slice address, struct answer *answer_out, struct why *why)
{
	struct inquiry inquiry =
	    inquire(dir, arena, DIRECTORY_RESOLVE, address);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	if (r == 0)
		r = answer_read(arena, &known.rows, answer_out, why);
	if (r == 0)
		answer_out->stale = known.stale;
	return r;
}

int
directory_leaf(struct directory *dir, struct arena *arena,
    struct slice queue_recipient, struct leaf_target *target_out,
    struct why *why)
{
	struct inquiry inquiry =
	    inquire(dir, arena, DIRECTORY_LEAF, queue_recipient);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	if (r == 0)
		r = leaf_target_read(&known.rows, target_out, why);
	if (r == 0)
		target_out->stale = known.stale;
	return r;
}

int
directory_domain_class(struct directory *dir, struct arena *arena,
    struct slice domain, struct domain_class *class_out, struct why *why)
{
	struct inquiry inquiry = inquire(dir, arena, DIRECTORY_DOMAIN, domain);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	if (r == 0)
		r = domain_class_read(&known.rows, class_out, why);
	return r < 0 ? r : class_out->class.n > 0;
}

int
directory_max_size(struct directory *dir, int64_t *bytes_out, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct inquiry inquiry =
	    inquire(dir, &arena, DIRECTORY_MAX_SIZE, SLICE(""));
	struct knowledge known;
	int r = know(dir, &inquiry, &arena, &known, why);

	if (r == 0)
		r = max_size_read(&known.rows, bytes_out, why);
	arena_done(&arena);
	return r;
}

int
directory_forwarding(struct directory *dir, struct arena *arena,
    struct slice domain, struct forwarding *forwarding_out, struct why *why)
{
	struct inquiry inquiry =
	    inquire(dir, arena, DIRECTORY_FORWARDING, domain);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	if (r == 0)
		r = forwarding_read(arena, &known.rows, forwarding_out, why);
	if (r == 0)
		forwarding_out->stale = known.stale;
	return r;
}

int
directory_account(struct directory *dir, struct arena *arena, struct slice who,
    struct sender_account *account_out, struct why *why)
{
	struct inquiry inquiry = inquire(dir, arena, DIRECTORY_ACCOUNT, who);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	return r < 0 ? r : sender_account_read(&known.rows, account_out, why);
}

/* One text, as questions are; neither of the two can hold a line end. */
int
directory_may_send(struct directory *dir, struct arena *arena,
    struct slice mailbox, struct slice address, struct sender_right *right_out,
    struct why *why)
{
	struct slice text = slice_of(arena_printf(
	    arena, "%.*s\n%.*s", SLICE_FMT(mailbox), SLICE_FMT(address)));
	struct inquiry inquiry = inquire(dir, arena, DIRECTORY_MAY_SEND, text);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	return r < 0 ? r : sender_right_read(&known.rows, right_out, why);
}

/* One text, as questions are; none of the three can hold a line end. */
int
directory_setup(struct directory *dir, struct arena *arena,
    const struct setup_question *question, struct setup *setup_out,
    struct why *why)
{
	struct slice text = slice_of(arena_printf(arena, "%.*s\n%.*s\n%.*s",
	    SLICE_FMT(question->address), SLICE_FMT(question->host),
	    SLICE_FMT(question->emailmd5)));
	struct inquiry inquiry = inquire(dir, arena, DIRECTORY_SETUP, text);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	if (r == 0)
		r = setup_read(arena, &known.rows, setup_out, why);
	if (r == 0)
		setup_out->stale = known.stale;
	return r;
}

int
directory_scripts(struct directory *dir, struct arena *arena,
    struct slice mailbox, struct slice domain, struct scripts *scripts_out,
    struct why *why)
{
	struct slice text = slice_of(arena_printf(
	    arena, "%.*s\n%.*s", SLICE_FMT(mailbox), SLICE_FMT(domain)));
	struct inquiry inquiry = inquire(dir, arena, DIRECTORY_SCRIPTS, text);
	struct knowledge known;
	int r = know(dir, &inquiry, arena, &known, why);

	if (r == 0)
		r = scripts_read(arena, &known.rows, scripts_out, why);
	return r;
}

/* --- quota ------------------------------------------------------------ */

static struct slice
good_mailboxes(struct arena *arena, const struct leaf *leaves, size_t n)
{
	struct slice *names = arena_calloc(arena, n, sizeof *names);
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		if (leaf_is_good(&leaves[i]) && leaves[i].mailbox.n > 0)
			names[good++] = leaves[i].mailbox;
	}
	return good > 0 ? db_array_param(arena, names, good) : DB_NULL;
}

int
directory_quota(struct directory *dir, struct arena *arena, struct leaf *leaves,
    size_t n, struct why *why)
{
	struct directory_question question = { DIRECTORY_QUOTA,
		good_mailboxes(arena, leaves, n),
		clock_ms() + dir->timeout_ms };
	struct directory_reply reply;
	int r;

	if (question.text.p == NULL)
		return 0;
	r = ask_source(dir, &question, arena, &reply, why);
	if (r == 0)
		r = quota_read(&reply.rows, leaves, n, why);
	return r;
}

/* --- life ------------------------------------------------------------- */

struct directory *
directory_new_on(const struct directory_source *source,
    const struct directory_settings *settings, long timeout_ms,
    const struct directory_hooks *hooks)
{
	struct directory *dir = calloc(1, sizeof *dir);

	if (dir == NULL)
		abort();
	dir->source = *source;
	dir->timeout_ms = timeout_ms;
	dir->stale_max_ms = settings->stale_max_ms;
	if (hooks != NULL)
		dir->hooks = *hooks;
	dir->cache = cache_new(
	    (size_t)settings->entries_max, (size_t)settings->bytes_max);
	dir->flights = flights_new();
	dir->stop_fd = -1;
	(void)pthread_mutex_init(&dir->outage.lock, NULL);
	return dir;
}

struct directory *
directory_new(const struct directory_settings *settings,
    const struct config_common *common, const char *role,
    const struct directory_hooks *hooks)
{
	struct directory_source source =
	    directory_db_open(settings, common, role);

	return directory_new_on(
	    &source, settings, common->database_timeout_ms, hooks);
}

int
directory_start(struct directory *dir, struct why *why)
{
	int error;

	dir->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (dir->stop_fd < 0)
		return why_fail(why, errno, "eventfd");
	error = pthread_create(&dir->listener, NULL, listen_always, dir);
	if (error != 0)
		return why_fail(why, error, "start the listening thread");
	dir->started = true;
	return 0;
}

void
directory_free(struct directory *dir)
{
	if (dir == NULL)
		return;
	if (dir->started) {
		(void)eventfd_write(dir->stop_fd, 1);
		(void)pthread_join(dir->listener, NULL);
	}
	scope_close(&dir->stop_fd);
	dir->source.close(dir->source.self);
	flights_free(dir->flights);
	cache_free(dir->cache);
	(void)pthread_mutex_destroy(&dir->outage.lock);
	free(dir);
}

void
directory_stats(struct directory *dir, struct directory_stats *stats_out)
{
	struct cache_stats cached;

	cache_stats(dir->cache, &cached);
	*stats_out = (struct directory_stats){
		.hits = atomic_load(&dir->counters[HITS]),
		.misses = atomic_load(&dir->counters[MISSES]),
		.joined = atomic_load(&dir->counters[JOINED]),
		.stale = atomic_load(&dir->counters[STALE]),
		.failures = atomic_load(&dir->counters[FAILURES]),
		.listens = atomic_load(&dir->counters[LISTENS]),
		.changes = cached.changes,
		.entries = cached.entries,
		.bytes = cached.bytes,
		.listening = atomic_load(&dir->listening),
	};
}
