/*
 * How many remembered answers core/directory gives per second: addresses of
 * two hops in a cache of 100,000, asked for at random by 1, 2 … threads while
 * ten keys a second are notified.
 *
 *	build/tests/bench/directory [seconds per round]
 */
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/directory_source.h"

enum { ADDRESSES = 100000, THREADS_MAX = 4, CHANGE_EVERY_MS = 100 };

static char addresses[ADDRESSES][40];
static atomic_bool stop;
static struct directory *dir;

/* --- a source that always answers ------------------------------------- */

static int
ask(void *self, const struct directory_question *question, struct arena *arena,
    struct directory_reply *reply_out, struct why *why)
{
	static const char *const cells[] = { "mailbox",
		"xyz00-fred@mbox.h01.hosting.example", "", "xyz00-fred",
		"h01.hosting.example", "", NULL, "250", "2.1.5", "ok", "",
		"address:info@example.org\nalias:xyz00-office\n"
		"mailbox:xyz00-fred",
		"", "", "xyz00" };
	size_t n = sizeof cells / sizeof *cells;

	(void)self;
	(void)why;
	*reply_out = (struct directory_reply){ .lasts_ms = LONG_MAX };
	reply_out->rows = (struct rows){ 1, n, NULL };
	reply_out->rows.cells = arena_calloc(arena, n, sizeof(struct slice));
	for (size_t i = 0; i < n; i++)
		reply_out->rows.cells[i] = slice_of(cells[i]);
	reply_out->rows.cells[6] = question->text;
	reply_out->keys = arena_calloc(arena, 4, sizeof(struct slice));
	reply_out->keys[0] = SLICE("domain:example.org");
	reply_out->keys[1] = question->text;
	reply_out->keys[2] = SLICE("name:xyz00-office");
	reply_out->keys[3] = SLICE("name:xyz00-fred");
	reply_out->n_keys = 4;
	return 0;
}

static int
listen_fine(void *self, struct why *why)
{
	(void)self;
	(void)why;
	return 0;
}

static int
next_change(void *self, int stop_fd, struct slice *key_out, struct why *why)
{
	struct pollfd fd = { .fd = stop_fd, .events = POLLIN };

	(void)self;
	(void)why;
	if (poll(&fd, 1, CHANGE_EVERY_MS) > 0)
		return 0;
	*key_out = slice_of(addresses[rand() % ADDRESSES]);
	return 1;
}

static void
close_nothing(void *self)
{
	(void)self;
}

/* --- the run ---------------------------------------------------------- */

static void *
ask_on(void *arg)
{
	struct arena arena = ARENA_INIT;
	struct answer answer;
	struct why why;
	uint64_t n = 0, at = (uintptr_t)arg;

	for (; !atomic_load_explicit(&stop, memory_order_relaxed); n++) {
		at = at * 6364136223846793005U + 1442695040888963407U;
		if (directory_resolve(dir, &arena,
			slice_of(addresses[(at >> 33) % ADDRESSES]), &answer,
			&why) < 0)
			abort();
		arena_reset(&arena);
	}
	arena_done(&arena);
	*(uint64_t *)arg = n;
	return NULL;
}

static void
warm_up(void)
{
	struct arena arena = ARENA_INIT;
	struct answer answer;
	struct why why;

	for (int i = 0; i < ADDRESSES; i++) {
		(void)directory_resolve(
		    dir, &arena, slice_of(addresses[i]), &answer, &why);
		arena_reset(&arena);
	}
	arena_done(&arena);
}

static void
measure(int threads, unsigned seconds)
{
	pthread_t thread[THREADS_MAX];
	uint64_t answered[THREADS_MAX] = { 0 }, all = 0;

	atomic_store(&stop, false);
	for (int i = 0; i < threads; i++)
		(void)pthread_create(&thread[i], NULL, ask_on, &answered[i]);
	(void)sleep(seconds);
	atomic_store(&stop, true);
	for (int i = 0; i < threads; i++) {
		(void)pthread_join(thread[i], NULL);
		all += answered[i];
	}
	(void)printf("directory: %d thread%s %9.0f answers/s\n", threads,
	    threads == 1 ? " " : "s", (double)all / seconds);
}

int
main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 2;
	struct directory_settings settings = { 4, 200000, 128 << 20, 0 };
	struct directory_source source = { NULL, ask, listen_fine, next_change,
		close_nothing };
	struct directory_stats stats;
	struct why why;

	for (int i = 0; i < ADDRESSES; i++)
		(void)snprintf(addresses[i], sizeof *addresses,
		    "address:user%d@example.org", i);
	dir = directory_new_on(&source, &settings, 1000, NULL);
	if (directory_start(dir, &why) < 0)
		return EXIT_FAILURE;
	do
		directory_stats(dir, &stats);
	while (!stats.listening);
	warm_up();
	for (int threads = 1; threads <= THREADS_MAX; threads *= 2)
		measure(threads, seconds);
	directory_stats(dir, &stats);
	(void)printf("directory: %lu entries, %lu octets each\n",
	    (unsigned long)stats.entries,
	    (unsigned long)(stats.bytes / stats.entries));
	directory_free(dir);
	return EXIT_SUCCESS;
}
