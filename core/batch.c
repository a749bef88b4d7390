#include "core/batch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"

enum { RETRY_AFTER_MS = 1000 };

struct row {
	struct row *next;
	struct slice columns[]; /* their octets follow in the same memory */
};

struct batch {
	struct db_pool *pool;
	const struct db_stmt *stmt;
	pthread_t thread;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t wake;
	struct row *first, **end;
	size_t rows, dropped;
	bool stopping;
};

/* --- rows ------------------------------------------------------------- */

static void
copy_as_text(char *to, struct slice from)
{
	bool text = slice_is_text(from);

	for (size_t i = 0; i < from.n; i++) {
		unsigned char c = (unsigned char)from.p[i];

		to[i] = text || (c != 0 && c < 0x80) ? (char)c : '?';
	}
}

static struct row *
row_new(const struct slice *columns, size_t n)
{
	size_t size = sizeof(struct row) + n * sizeof(struct slice);
	struct row *row;
	char *to;

	for (size_t i = 0; i < n; i++)
		size += columns[i].n;
	row = malloc(size);
	if (row == NULL)
		abort();
	row->next = NULL;
	to = (char *)&row->columns[n];
	for (size_t i = 0; i < n; i++) {
		row->columns[i] = columns[i];
		if (columns[i].p == NULL)
			continue;
		copy_as_text(to, columns[i]);
		row->columns[i].p = to;
		to += columns[i].n;
	}
	return row;
}

static void
rows_free(struct row *row)
{
	while (row != NULL) {
		struct row *next = row->next;

		free(row);
		row = next;
	}
}

static void
drop_oldest(struct batch *batch)
{
	struct row *oldest = batch->first;

	batch->first = oldest->next;
	if (batch->first == NULL)
		batch->end = &batch->first;
	batch->rows--;
	batch->dropped++;
	free(oldest);
}

void
batch_add(struct batch *batch, const struct slice *columns)
{
	struct row *row = row_new(columns, (size_t)batch->stmt->params);

	(void)pthread_mutex_lock(&batch->lock);
	if (batch->rows >= BATCH_ROWS_MAX)
		drop_oldest(batch);
	*batch->end = row;
	batch->end = &row->next;
	/* The writer sleeps without a time limit only while there is none. */
	if (batch->rows++ == 0)
		(void)pthread_cond_signal(&batch->wake);
	(void)pthread_mutex_unlock(&batch->lock);
}

/* --- writing ---------------------------------------------------------- */

static int
write_rows(
    struct batch *batch, const struct row *first, size_t n, struct why *why)
{
	const size_t columns = (size_t)batch->stmt->params;
	struct arena arena = ARENA_INIT;
	struct slice *params = arena_calloc(&arena, columns, sizeof *params);
	struct slice *items = arena_calloc(&arena, n, sizeof *items);
	int r;

	for (size_t c = 0; c < columns; c++) {
		const struct row *row = first;

		for (size_t i = 0; i < n; i++, row = row->next)
			items[i] = row->columns[c];
		params[c] = db_array_param(&arena, items, n);
	}
	r = db_ask(batch->pool, batch->stmt, params, NULL, why);
	arena_done(&arena);
	return r;
}

/* One row that the server refuses must not hold up the others for ever. */
static void
write_one_by_one(struct batch *batch, const struct row *row, size_t n)
{
	struct why why;

	for (size_t i = 0; i < n; i++, row = row->next) {
		if (write_rows(batch, row, 1, &why) < 0)
			log_event(LOG_ERR, NULL, "row-lost",
			    LOG_TEXT("statement", batch->stmt->name),
			    LOG_TEXT("detail", why.detail));
	}
}

/* 0 written (or given up), negative: keep them for later. */
static int
write_some(struct batch *batch, const struct row *first, size_t n)
{
	struct why why;
	int r = write_rows(batch, first, n, &why);

	if (r == -EINVAL) {
		write_one_by_one(batch, first, n);
		return 0;
	}
	if (r < 0)
		log_event(LOG_WARNING, NULL, "rows-waiting",
		    LOG_TEXT("statement", batch->stmt->name),
		    LOG_NUM("rows", (long long)n),
		    LOG_TEXT("detail", why.detail));
	return r;
}

/* Takes up to BATCH_WRITE_ROWS off the list. */
static struct row *
take_rows(struct batch *batch, size_t *n_out)
{
	struct row *first = batch->first, **end = &batch->first;
	size_t n = 0;

	while (*end != NULL && n < BATCH_WRITE_ROWS) {
		end = &(*end)->next;
		n++;
	}
	batch->first = *end;
	*end = NULL;
	if (batch->first == NULL)
		batch->end = &batch->first;
	batch->rows -= n;
	*n_out = n;
	return first;
}

static void
put_back(struct batch *batch, struct row *first, size_t n)
{
	struct row *last = first;

	while (last->next != NULL)
		last = last->next;
	last->next = batch->first;
	if (batch->first == NULL)
		batch->end = &last->next;
	batch->first = first;
	batch->rows += n;
}

static void
sleep_ms(struct batch *batch, long ms)
{
	struct timespec until = clock_deadline(ms);

	while (!batch->stopping &&
	       pthread_cond_timedwait(&batch->wake, &batch->lock, &until) == 0)
		;
}

static void
tell_dropped(struct batch *batch)
{
	if (batch->dropped > 0)
		log_event(LOG_ERR, NULL, "rows-dropped",
		    LOG_TEXT("statement", batch->stmt->name),
		    LOG_NUM("rows", (long long)batch->dropped));
	batch->dropped = 0;
}

/* Called and left with the lock held; without it while writing. */
static int
write_next(struct batch *batch)
{
	size_t n;
	struct row *first = take_rows(batch, &n);
	int r;

	(void)pthread_mutex_unlock(&batch->lock);
	r = write_some(batch, first, n);
	(void)pthread_mutex_lock(&batch->lock);
	if (r < 0)
		put_back(batch, first, n);
	else
		rows_free(first);
	tell_dropped(batch);
	return r;
}

static void *
run(void *arg)
{
	struct batch *batch = arg;

	(void)pthread_mutex_lock(&batch->lock);
	while (!batch->stopping) {
		if (batch->rows == 0) {
			(void)pthread_cond_wait(&batch->wake, &batch->lock);
			continue;
		}
		if (batch->rows < BATCH_WRITE_ROWS)
			sleep_ms(batch, BATCH_WAIT_MS);
		if (write_next(batch) < 0)
			sleep_ms(batch, RETRY_AFTER_MS);
	}
	while (batch->rows > 0 && write_next(batch) == 0)
		;
	(void)pthread_mutex_unlock(&batch->lock);
	return NULL;
}

struct batch *
batch_start(struct db_pool *pool, const struct db_stmt *stmt)
{
	struct batch *batch = calloc(1, sizeof *batch);

	if (batch == NULL)
		abort();
	batch->pool = pool;
	batch->stmt = stmt;
	batch->end = &batch->first;
	(void)pthread_mutex_init(&batch->lock, NULL);
	clock_cond_init(&batch->wake);
	if (pthread_create(&batch->thread, NULL, run, batch) != 0)
		abort(); /* at the start; the service manager tries again */
	return batch;
}

void
batch_stop(struct batch *batch)
{
	if (batch == NULL)
		return;
	(void)pthread_mutex_lock(&batch->lock);
	batch->stopping = true;
	(void)pthread_cond_signal(&batch->wake);
	(void)pthread_mutex_unlock(&batch->lock);
	(void)pthread_join(batch->thread, NULL);
	rows_free(batch->first);
	(void)pthread_cond_destroy(&batch->wake);
	(void)pthread_mutex_destroy(&batch->lock);
	free(batch);
}
