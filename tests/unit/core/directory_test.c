/*
 * The directory on a source whose every moment the test decides: what the
 * truth is, when a query returns, what is heard and when nothing is.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/directory_source.h"

enum { PATIENCE_MS = 10000, TIMEOUT_MS = 400, HEARD_MAX = 8 };

struct fake {
	pthread_mutex_t lock;
	pthread_cond_t changed;

	/* The truth; a query sees it as it was when the query began. */
	const char *mailbox; /* NULL: nobody has this address */
	const char *garbage; /* instead of a code */
	long lasts_ms;
	const char *full; /* the mailbox over its quota */

	int asked; /* queries that began */
	int waiting;
	bool hold; /* queries do not return */
	int ask_error, listen_error;

	const char *heard[HEARD_MAX];
	int n_heard;
	bool deaf; /* LISTEN is lost */

	atomic_int taken; /* changes that the cache has seen */
};

struct bench {
	struct fake fake;
	struct directory *dir;
	struct arena arena;
	struct answer answer;
	struct why why;
};

/* --- the source ------------------------------------------------------- */

static void
put_row(struct arena *arena, struct rows *rows, const char *const *cells,
    size_t columns)
{
	*rows = (struct rows){ 1, columns, NULL };
	rows->cells = arena_calloc(arena, columns, sizeof *rows->cells);
	for (size_t i = 0; i < columns; i++)
		rows->cells[i] = slice_of(cells[i]);
}

static void
resolve_row(const struct fake *truth, struct arena *arena, struct rows *rows)
{
	const char *known[] = { "mailbox",
		arena_printf(arena, "%s@mbox.h01.example",
		    truth->mailbox != NULL ? truth->mailbox : ""),
		"", truth->mailbox, "h01.example", "", "info@example.org",
		truth->garbage != NULL ? truth->garbage : "250", "2.1.5", "ok",
		"", "address:info@example.org\nmailbox:x", "", "", "xyz00" };
	const char *unknown[] = { "reject", "", "", "", "", "",
		"info@example.org", "550", "5.1.1", "no such address here", "",
		"", "", "", "" };

	put_row(arena, rows, truth->mailbox != NULL ? known : unknown, 15);
}

static void
reply_row(const struct fake *truth, const struct directory_question *question,
    struct arena *arena, struct rows *rows)
{
	const char *virtual[] = { "virtual", "" };
	const char *full[] = { truth->full, "452", "4.2.2", "mailbox is full" };
	const char *size[] = { "1000" };

	if (question->query == DIRECTORY_RESOLVE)
		resolve_row(truth, arena, rows);
	else if (question->query == DIRECTORY_DOMAIN)
		put_row(arena, rows, virtual, 2);
	else if (question->query == DIRECTORY_MAX_SIZE)
		put_row(arena, rows, size, 1);
	else if (truth->full != NULL)
		put_row(arena, rows, full, 4);
}

static int
fake_ask(void *self, const struct directory_question *question,
    struct arena *arena, struct directory_reply *reply_out, struct why *why)
{
	struct fake *fake = self, truth;
	int error;

	(void)pthread_mutex_lock(&fake->lock);
	truth = *fake;
	fake->asked++;
	fake->waiting++;
	(void)pthread_cond_broadcast(&fake->changed);
	while (fake->hold)
		(void)pthread_cond_wait(&fake->changed, &fake->lock);
	fake->waiting--;
	error = fake->ask_error;
	(void)pthread_mutex_unlock(&fake->lock);
	if (error != 0)
		return why_fail(why, error, "ask");

	*reply_out = (struct directory_reply){ .lasts_ms = truth.lasts_ms };
	reply_row(&truth, question, arena, &reply_out->rows);
	reply_out->keys = arena_calloc(arena, 2, sizeof *reply_out->keys);
	reply_out->keys[0] = SLICE("domain:example.org");
	reply_out->keys[1] = SLICE("address:info@example.org");
	reply_out->n_keys = 2;
	return 0;
}

static int
fake_listen(void *self, struct why *why)
{
	struct fake *fake = self;
	int error;

	(void)pthread_mutex_lock(&fake->lock);
	error = fake->listen_error;
	fake->deaf = error != 0;
	(void)pthread_mutex_unlock(&fake->lock);
	return error == 0 ? 0 : why_fail(why, error, "listen");
}

/* 1 heard, 0 nothing, -1 deaf. */
static int
hear(struct fake *fake, struct slice *key_out)
{
	int r = 0;

	(void)pthread_mutex_lock(&fake->lock);
	if (fake->n_heard > 0) {
		*key_out = slice_of(fake->heard[--fake->n_heard]);
		r = 1;
	} else if (fake->deaf) {
		r = -1;
	}
	(void)pthread_mutex_unlock(&fake->lock);
	return r;
}

static int
fake_next_change(
    void *self, int stop_fd, struct slice *key_out, struct why *why)
{
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };
	int r;

	do {
		r = hear(self, key_out);
		if (r < 0)
			return why_fail(why, ECONNRESET, "deaf");
	} while (r == 0 && poll(&stop, 1, 1) == 0);
	return r;
}

static void
fake_close(void *self)
{
	(void)self;
}

/* --- what the test does ----------------------------------------------- */

static void
set(struct bench *b, const char *mailbox)
{
	(void)pthread_mutex_lock(&b->fake.lock);
	b->fake.mailbox = mailbox;
	(void)pthread_mutex_unlock(&b->fake.lock);
}

static void
hold(struct bench *b, bool on)
{
	(void)pthread_mutex_lock(&b->fake.lock);
	b->fake.hold = on;
	(void)pthread_cond_broadcast(&b->fake.changed);
	(void)pthread_mutex_unlock(&b->fake.lock);
}

static struct directory_stats
stats(struct bench *b)
{
	struct directory_stats s;

	directory_stats(b->dir, &s);
	return s;
}

#define WAIT_UNTIL(condition)                                                  \
	for (long end_ms_ = clock_ms() + PATIENCE_MS; !(condition);) {         \
		assert_true(clock_ms() < end_ms_);                             \
		(void)usleep(1000);                                            \
	}

static void
notify(struct bench *b, const char *key)
{
	int before = atomic_load(&b->fake.taken);

	(void)pthread_mutex_lock(&b->fake.lock);
	b->fake.heard[b->fake.n_heard++] = key;
	(void)pthread_mutex_unlock(&b->fake.lock);
	WAIT_UNTIL(atomic_load(&b->fake.taken) > before);
}

static void
go_away(struct bench *b, int error)
{
	(void)pthread_mutex_lock(&b->fake.lock);
	b->fake.ask_error = b->fake.listen_error = error;
	b->fake.deaf = true;
	(void)pthread_mutex_unlock(&b->fake.lock);
	WAIT_UNTIL(!stats(b).listening);
}

static void
lose_listen(struct bench *b)
{
	go_away(b, ECONNRESET);
	(void)pthread_mutex_lock(&b->fake.lock);
	b->fake.ask_error = 0;
	(void)pthread_mutex_unlock(&b->fake.lock);
}

static void
come_back(struct bench *b)
{
	(void)pthread_mutex_lock(&b->fake.lock);
	b->fake.ask_error = b->fake.listen_error = 0;
	(void)pthread_mutex_unlock(&b->fake.lock);
	WAIT_UNTIL(stats(b).listening);
}

static int
resolve(struct bench *b)
{
	return directory_resolve(
	    b->dir, &b->arena, SLICE("info@example.org"), &b->answer, &b->why);
}

static void
expect_mailbox(struct bench *b, const char *mailbox)
{
	assert_int_equal(resolve(b), 0);
	assert_int_equal(b->answer.n, 1);
	assert_slice(b->answer.leaves[0].mailbox, mailbox);
}

static void
expect_451(struct bench *b)
{
	assert_true(resolve(b) < 0);
	assert_int_equal(b->why.code, 451);
	assert_string_equal(b->why.dsn, "4.3.0");
}

static int
asked(struct bench *b)
{
	int n;

	(void)pthread_mutex_lock(&b->fake.lock);
	n = b->fake.asked;
	(void)pthread_mutex_unlock(&b->fake.lock);
	return n;
}

/* --- set up ----------------------------------------------------------- */

static void
on_change(void *arg, struct slice key)
{
	struct fake *fake = arg;

	(void)key;
	(void)atomic_fetch_add(&fake->taken, 1);
}

static struct bench *
make(long stale_max_ms, long entries_max)
{
	struct directory_settings settings = { 4, entries_max, 1 << 20,
		stale_max_ms };
	struct bench *b = calloc(1, sizeof *b);
	struct directory_source source = { &b->fake, fake_ask, fake_listen,
		fake_next_change, fake_close };
	struct directory_hooks hooks = { &b->fake, NULL, on_change };

	assert_non_null(b);
	(void)pthread_mutex_init(&b->fake.lock, NULL);
	(void)pthread_cond_init(&b->fake.changed, NULL);
	b->fake.mailbox = "xyz00-a";
	b->fake.lasts_ms = LONG_MAX;
	b->dir = directory_new_on(&source, &settings, TIMEOUT_MS, &hooks);
	return b;
}

static struct bench *
begin(long stale_max_ms)
{
	struct bench *b = make(stale_max_ms, 1000);

	assert_int_equal(directory_start(b->dir, &b->why), 0);
	WAIT_UNTIL(stats(b).listening);
	return b;
}

static void
end(struct bench *b)
{
	directory_free(b->dir);
	arena_done(&b->arena);
	free(b);
}

/* A second caller. */
struct caller {
	struct bench *b;
	pthread_t thread;
	struct arena arena;
	struct answer answer;
	struct why why;
	int r;
};

static void *
call(void *arg)
{
	struct caller *c = arg;

	c->r = directory_resolve(c->b->dir, &c->arena,
	    SLICE("info@example.org"), &c->answer, &c->why);
	return NULL;
}

static void
start_call(struct caller *c, struct bench *b)
{
	*c = (struct caller){ .b = b };
	assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

static void
finish_call(struct caller *c, const char *mailbox)
{
	(void)pthread_join(c->thread, NULL);
	assert_int_equal(c->r, 0);
	assert_slice(c->answer.leaves[0].mailbox, mailbox);
	arena_done(&c->arena);
}

/* --- while the database is there -------------------------------------- */

static void
an_answer_is_remembered(void **state)
{
	struct bench *b = begin(0);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	set(b, "xyz00-b"); /* nobody was notified, so nobody asks */
	expect_mailbox(b, "xyz00-a");
	assert_int_equal(asked(b), 1);
	assert_int_equal(b->answer.leaves[0].path_n, 2);
	assert_slice(b->answer.leaves[0].path[1], "mailbox:x");
	assert_false(b->answer.stale);
	end(b);
}

static void
a_notified_key_ends_it(void **state)
{
	static const char *const keys[] = { "domain:example.org",
		"address:info@example.org", "*" };

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct bench *b = begin(0);

		CASE(keys[i]);
		expect_mailbox(b, "xyz00-a");
		set(b, "xyz00-b");
		notify(b, "address:other@example.org");
		expect_mailbox(b, "xyz00-a");
		notify(b, keys[i]);
		expect_mailbox(b, "xyz00-b");
		assert_int_equal(asked(b), 2);
		end(b);
	}
}

static void
nobody_is_remembered_by_the_keys_of_somebody(void **state)
{
	struct bench *b = begin(0);

	(void)state;
	set(b, NULL);
	assert_int_equal(resolve(b), 0);
	assert_int_equal(b->answer.leaves[0].code, 550);
	assert_int_equal(resolve(b), 0);
	assert_int_equal(asked(b), 1);
	set(b, "xyz00-a");
	notify(b, "address:info@example.org");
	expect_mailbox(b, "xyz00-a");
	end(b);
}

static void
an_overtaken_answer_is_used_once(void **state)
{
	struct bench *b = begin(0);
	struct caller c;

	(void)state;
	hold(b, true);
	start_call(&c, b);
	WAIT_UNTIL(asked(b) == 1); /* it sees xyz00-a */
	set(b, "xyz00-b");
	notify(b, "address:info@example.org");
	hold(b, false);
	finish_call(&c, "xyz00-a");
	expect_mailbox(b, "xyz00-b");
	assert_int_equal(asked(b), 2);
	end(b);
}

static void
who_comes_after_a_change_sees_it(void **state)
{
	struct bench *b = begin(0);
	struct caller before, after;

	(void)state;
	hold(b, true);
	start_call(&before, b);
	WAIT_UNTIL(asked(b) == 1);
	set(b, "xyz00-b");
	notify(b, "address:info@example.org");
	start_call(&after, b); /* the same question is in the air already */
	WAIT_UNTIL(stats(b).joined == 1);
	hold(b, false);
	finish_call(&before, "xyz00-a");
	finish_call(&after, "xyz00-b");
	assert_int_equal(asked(b), 2);
	end(b);
}

static void
many_ask_at_once_and_one_query_runs(void **state)
{
	struct bench *b = begin(0);
	struct caller c[8];

	(void)state;
	hold(b, true);
	for (size_t i = 0; i < COUNT(c); i++)
		start_call(&c[i], b);
	WAIT_UNTIL(stats(b).joined == COUNT(c) - 1);
	hold(b, false);
	for (size_t i = 0; i < COUNT(c); i++)
		finish_call(&c[i], "xyz00-a");
	assert_int_equal(asked(b), 1);
	end(b);
}

static void
a_validity_date_ends_it(void **state)
{
	struct bench *b = begin(0);

	(void)state;
	b->fake.lasts_ms = 30;
	expect_mailbox(b, "xyz00-a");
	set(b, "xyz00-b");
	(void)usleep(40000);
	expect_mailbox(b, "xyz00-b");
	end(b);
}

static void
what_has_passed_already_is_not_kept(void **state)
{
	struct bench *b = begin(0);

	(void)state;
	b->fake.lasts_ms = -5;
	expect_mailbox(b, "xyz00-a");
	expect_mailbox(b, "xyz00-a");
	assert_int_equal(asked(b), 2);
	assert_int_equal(stats(b).entries, 0);
	end(b);
}

static void
garbage_defers_and_is_not_kept(void **state)
{
	static const char *const garbage[] = { "99", "3xx", "350", "999999",
		"550", "0" };
	struct bench *b = begin(0);

	(void)state;
	for (size_t i = 0; i < COUNT(garbage); i++) {
		CASE(garbage[i]);
		b->fake.garbage = garbage[i];
		expect_451(b);
	}
	b->fake.garbage = NULL;
	expect_mailbox(b, "xyz00-a");
	end(b);
}

static void
the_largest_size_is_asked_again_after_any_change(void **state)
{
	struct bench *b = begin(0);
	int64_t bytes = 0;

	(void)state;
	assert_int_equal(directory_max_size(b->dir, &bytes, &b->why), 0);
	assert_int_equal(bytes, 1000);
	assert_int_equal(directory_max_size(b->dir, &bytes, &b->why), 0);
	assert_int_equal(asked(b), 1);
	notify(b, "name:xyz00-z");
	assert_int_equal(directory_max_size(b->dir, &bytes, &b->why), 0);
	assert_int_equal(asked(b), 2);
	end(b);
}

static void
a_domain_is_told_from_a_stranger(void **state)
{
	struct bench *b = begin(0);
	struct domain_class class;

	(void)state;
	assert_int_equal(directory_domain_class(b->dir, &b->arena,
			     SLICE("example.org"), &class, &b->why),
	    1);
	assert_slice(class.class, "virtual");
	end(b);
}

static void
quota_is_asked_each_time_and_changes_its_leaf_only(void **state)
{
	struct bench *b = begin(0);
	struct leaf leaves[2];

	(void)state;
	expect_mailbox(b, "xyz00-a");
	leaves[0] = leaves[1] = b->answer.leaves[0];
	leaves[1].mailbox = SLICE("xyz00-b");
	assert_int_equal(
	    directory_quota(b->dir, &b->arena, leaves, 2, &b->why), 0);
	b->fake.full = "xyz00-b";
	assert_int_equal(
	    directory_quota(b->dir, &b->arena, leaves, 2, &b->why), 0);
	assert_int_equal(leaves[0].code, 250);
	assert_int_equal(leaves[1].code, 452);
	assert_slice(leaves[1].dsn, "4.2.2");
	assert_int_equal(asked(b), 3);
	b->fake.ask_error = ECONNRESET;
	assert_int_equal(directory_quota(b->dir, &b->arena, leaves, 2, &b->why),
	    -ECONNRESET);
	assert_int_equal(leaves[0].code, 250);
	end(b);
}

static void
memory_is_bounded(void **state)
{
	struct bench *b = make(0, 128);

	(void)state;
	assert_int_equal(directory_start(b->dir, &b->why), 0);
	WAIT_UNTIL(stats(b).listening);
	for (int i = 0; i < 2000; i++) {
		char address[64];

		(void)snprintf(address, sizeof address, "a%d@example.org", i);
		assert_int_equal(directory_resolve(b->dir, &b->arena,
				     slice_of(address), &b->answer, &b->why),
		    0);
	}
	assert_true(stats(b).entries <= 128);
	assert_true(stats(b).bytes <= 1 << 20);
	end(b);
}

/* --- while it is away ------------------------------------------------- */

static void
without_listen_every_question_is_asked(void **state)
{
	struct bench *b = begin(LONG_MAX);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	lose_listen(b);
	set(b, "xyz00-b"); /* nobody can notify us */
	expect_mailbox(b, "xyz00-b");
	set(b, "xyz00-c");
	expect_mailbox(b, "xyz00-c");
	assert_int_equal(asked(b), 3);
	end(b);
}

static void
accepting_answers_serve_while_it_is_away(void **state)
{
	struct bench *b = begin(LONG_MAX);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	go_away(b, ECONNRESET);
	expect_mailbox(b, "xyz00-a");
	assert_true(b->answer.stale);
	assert_int_equal(stats(b).stale, 1);
	end(b);
}

static void
refusing_answers_do_not(void **state)
{
	struct bench *b = begin(LONG_MAX);

	(void)state;
	set(b, NULL);
	assert_int_equal(resolve(b), 0);
	go_away(b, ECONNRESET);
	expect_451(b);
	end(b);
}

static void
unknown_questions_defer(void **state)
{
	struct bench *b = begin(LONG_MAX);

	(void)state;
	go_away(b, ECONNRESET);
	expect_451(b);
	end(b);
}

static void
they_serve_for_a_limited_time(void **state)
{
	struct bench *b = begin(50);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	go_away(b, ECONNRESET);
	expect_mailbox(b, "xyz00-a");
	(void)usleep(60000);
	expect_451(b);
	end(b);
}

static void
what_was_known_wrong_does_not_serve(void **state)
{
	struct bench *b = begin(LONG_MAX);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	notify(b, "address:info@example.org");
	go_away(b, ECONNRESET);
	expect_451(b);
	end(b);
}

static void
a_failing_query_does_not_revive_a_notified_answer(void **state)
{
	struct bench *b = begin(LONG_MAX);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	notify(b, "address:info@example.org");
	b->fake.ask_error = EPROTO; /* while LISTEN works */
	expect_451(b);
	end(b);
}

static void
when_it_is_back_all_is_forgotten(void **state)
{
	struct bench *b = begin(LONG_MAX);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	go_away(b, ECONNRESET);
	set(b, "xyz00-b"); /* changed while we heard nothing */
	expect_mailbox(b, "xyz00-a");
	come_back(b);
	assert_int_equal(stats(b).entries, 0);
	expect_mailbox(b, "xyz00-b");
	expect_mailbox(b, "xyz00-b");
	assert_int_equal(stats(b).hits, 1);
	end(b);
}

static void
a_query_from_before_the_return_is_not_kept(void **state)
{
	struct bench *b = begin(LONG_MAX);
	struct caller c;

	(void)state;
	lose_listen(b);
	hold(b, true);
	start_call(&c, b);
	WAIT_UNTIL(asked(b) == 1);
	set(b, "xyz00-b");
	come_back(b);
	hold(b, false);
	finish_call(&c, "xyz00-a");
	expect_mailbox(b, "xyz00-b");
	end(b);
}

static void
who_waits_for_another_has_a_time_limit(void **state)
{
	struct bench *b = begin(0);
	struct caller c;

	(void)state;
	hold(b, true);
	start_call(&c, b);
	WAIT_UNTIL(asked(b) == 1);
	assert_int_equal(resolve(b), -ETIMEDOUT); /* and it came back */
	assert_int_equal(b->why.code, 451);
	hold(b, false);
	finish_call(&c, "xyz00-a");
	end(b);
}

static void
a_hanging_database_holds_one_caller_at_a_time(void **state)
{
	struct bench *b = begin(0);

	(void)state;
	go_away(b, ETIMEDOUT);
	for (int i = 0; i < 50; i++)
		expect_451(b);
	assert_true(asked(b) < 50);
	end(b);
}

static void
a_directory_not_started_remembers_nothing(void **state)
{
	struct bench *b = make(0, 1000);

	(void)state;
	expect_mailbox(b, "xyz00-a");
	set(b, "xyz00-b");
	expect_mailbox(b, "xyz00-b");
	assert_int_equal(stats(b).entries, 0);
	end(b);
}

/* --- T15 -------------------------------------------------------------- */

enum { CHANGES = 100, READERS = 3 };

static struct {
	struct bench *b;
	int committed; /* version that every later question must see */
	bool stop;
} race;

static char versions[CHANGES + 1][16];

static int
version_of(const struct answer *answer)
{
	return (int)strtol(answer->leaves[0].mailbox.p + 1, NULL, 10);
}

/* A question never sees a version older than one that was heard before it. */
static void *
read_on(void *arg)
{
	while (!__atomic_load_n(&race.stop, __ATOMIC_SEQ_CST)) {
		struct arena arena = ARENA_INIT;
		struct answer answer;
		struct why why;
		int least = __atomic_load_n(&race.committed, __ATOMIC_SEQ_CST);

		if (directory_resolve(race.b->dir, &arena,
			SLICE("info@example.org"), &answer, &why) < 0 ||
		    version_of(&answer) < least)
			*(int *)arg += 1;
		arena_done(&arena);
	}
	return NULL;
}

static void
a_hundred_changes_under_load_are_each_seen(void **state)
{
	pthread_t readers[READERS];
	int mixed[READERS] = { 0 };

	(void)state;
	race.b = begin(0);
	for (int i = 0; i <= CHANGES; i++)
		(void)snprintf(versions[i], sizeof *versions, "v%d", i);
	set(race.b, versions[0]);
	for (int i = 0; i < READERS; i++)
		(void)pthread_create(&readers[i], NULL, read_on, &mixed[i]);
	for (int i = 1; i <= CHANGES; i++) {
		set(race.b, versions[i]);
		notify(race.b, "address:info@example.org");
		__atomic_store_n(&race.committed, i, __ATOMIC_SEQ_CST);
		expect_mailbox(race.b, versions[i]);
	}
	__atomic_store_n(&race.stop, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < READERS; i++) {
		(void)pthread_join(readers[i], NULL);
		assert_int_equal(mixed[i], 0);
	}
	end(race.b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_remembered),
		cmocka_unit_test(a_notified_key_ends_it),
		cmocka_unit_test(nobody_is_remembered_by_the_keys_of_somebody),
		cmocka_unit_test(an_overtaken_answer_is_used_once),
		cmocka_unit_test(who_comes_after_a_change_sees_it),
		cmocka_unit_test(many_ask_at_once_and_one_query_runs),
		cmocka_unit_test(a_validity_date_ends_it),
		cmocka_unit_test(what_has_passed_already_is_not_kept),
		cmocka_unit_test(garbage_defers_and_is_not_kept),
		cmocka_unit_test(
		    the_largest_size_is_asked_again_after_any_change),
		cmocka_unit_test(a_domain_is_told_from_a_stranger),
		cmocka_unit_test(
		    quota_is_asked_each_time_and_changes_its_leaf_only),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(without_listen_every_question_is_asked),
		cmocka_unit_test(accepting_answers_serve_while_it_is_away),
		cmocka_unit_test(refusing_answers_do_not),
		cmocka_unit_test(unknown_questions_defer),
		cmocka_unit_test(they_serve_for_a_limited_time),
		cmocka_unit_test(what_was_known_wrong_does_not_serve),
		cmocka_unit_test(
		    a_failing_query_does_not_revive_a_notified_answer),
		cmocka_unit_test(when_it_is_back_all_is_forgotten),
		cmocka_unit_test(a_query_from_before_the_return_is_not_kept),
		cmocka_unit_test(who_waits_for_another_has_a_time_limit),
		cmocka_unit_test(a_hanging_database_holds_one_caller_at_a_time),
		cmocka_unit_test(a_directory_not_started_remembers_nothing),
		cmocka_unit_test(a_hundred_changes_under_load_are_each_seen),
	};

	return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
