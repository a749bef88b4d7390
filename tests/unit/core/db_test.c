/*
 * What the database's clients promise when there is no database: refused,
 * silent, or closing. With a real one the system tests talk.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/batch.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/endpoint.h"

enum { LIMIT_MS = 200 };

static const struct db_stmt one = { "one", "SELECT $1", 1 };

/* A folder with the socket a libpq client looks for, listening or not. */
struct place {
	char folder[64], endpoint[128], conninfo[128];
	int listener;
};

static void
place_open(struct place *place, bool listening)
{
	struct why why;

	(void)strcpy(place->folder, "/tmp/hauspost-db-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->endpoint, sizeof place->endpoint,
	    "unix:%s/.s.PGSQL.5432", place->folder);
	(void)snprintf(place->conninfo, sizeof place->conninfo,
	    "host=%s port=5432 dbname=x", place->folder);
	place->listener =
	    listening ? endpoint_listen(place->endpoint, "", &why) : -1;
	assert_true(!listening || place->listener >= 0);
}

static void
place_close(struct place *place)
{
	if (place->listener >= 0) {
		(void)close(place->listener);
		(void)unlink(place->endpoint + 5);
	}
	(void)rmdir(place->folder);
}

static int
ask(const struct place *place, struct slice value, struct why *why)
{
	struct db_pool *pool =
	    db_pool_new(place->conninfo, "hauspost_test", 1, LIMIT_MS);
	int r = db_ask(pool, &one, &value, NULL, why);

	db_pool_free(pool);
	return r;
}

static void
a_refused_connection_is_no_refused_recipient(void **state)
{
	struct place place;
	struct why why;

	(void)state;
	place_open(&place, false);
	assert_int_equal(ask(&place, SLICE("x"), &why), -ECONNRESET);
	assert_int_equal(why.verdict, MAIL_TEMPFAIL);
	assert_null(strstr(why.reply, place.folder));
	assert_non_null(strstr(why.detail, place.folder));
	place_close(&place);
}

static void
a_silent_server_costs_the_time_limit(void **state)
{
	struct place place;
	struct why why;
	long began_ms = clock_ms();

	(void)state;
	place_open(&place, true);
	assert_int_equal(ask(&place, SLICE("x"), &why), -ETIMEDOUT);
	assert_int_equal(why.verdict, MAIL_TEMPFAIL);
	assert_true(clock_ms() - began_ms >= LIMIT_MS);
	place_close(&place);
}

static void
parameters_become_arrays(void **state)
{
	struct arena arena = ARENA_INIT;
	const struct slice items[] = { SLICE("a\"b\\c"), DB_NULL, SLICE("") };

	(void)state;
	assert_slice(
	    db_array_param(&arena, items, 3), "{\"a\\\"b\\\\c\",NULL,\"\"}");
	assert_slice(db_array_param(&arena, NULL, 0), "{}");
	assert_slice(db_number_param(&arena, -7), "-7");
	arena_done(&arena);
}

static void
a_batch_without_a_database_ends_all_the_same(void **state)
{
	struct place place;
	struct db_pool *pool;
	struct batch *batch;

	(void)state;
	place_open(&place, false);
	pool = db_pool_new(place.conninfo, "hauspost_test", 1, LIMIT_MS);
	batch = batch_start(pool, &one);
	for (int i = 0; i < BATCH_ROWS_MAX + 10; i++)
		batch_add(batch, &(struct slice){ "not\0text", 8 });
	batch_stop(batch);
	db_pool_free(pool);
	place_close(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_connection_is_no_refused_recipient),
		cmocka_unit_test(a_silent_server_costs_the_time_limit),
		cmocka_unit_test(parameters_become_arrays),
		cmocka_unit_test(a_batch_without_a_database_ends_all_the_same),
	};

	return cmocka_run_group_tests_name("core/db", tests, NULL, NULL);
}
