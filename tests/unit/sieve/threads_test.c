/*
 * Eight threads run one program, each on messages of its own. Plans must not
 * mix; under the thread sanitizer nothing they share may be written.
 */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sieve/sieve.h"

enum { THREADS = 8, RUNS = 200 };

static const char script[] =
    "require [\"fileinto\", \"variables\", \"regex\", \"imap4flags\","
    " \"date\", \"body\", \"copy\", \"relational\", \"vacation\"];\n"
    "if header :matches \"Subject\" \"number *\" { set \"n\" \"${1}\"; }\n"
    "if header :regex \"Subject\" \"number ([0-9]+)\" { addflag \"f${1}\"; }\n"
    "if header :regex \"Subject\" \"${n}$\" { addflag \"dynamic\"; }\n"
    "if date :value \"ge\" \"date\" \"year\" \"2000\" { addflag \"new\"; }\n"
    "if body :contains \"w\xC3\xB6rds\" { addflag \"body\"; }\n"
    "vacation \"away\";\n"
    "fileinto \"box ${n}\";\n";

static struct sieve_program *program;

static struct slice
message(struct arena *arena, int number)
{
	return slice_of(arena_printf(arena,
	    "From: a@example.org\r\nTo: b@example.com\r\n"
	    "Subject: =?utf-8?q?number?= %d\r\n"
	    "Date: Tue, 01 Mar 2022 12:34:56 +0100\r\n"
	    "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"
	    "w\xF6rds\r\n",
	    number));
}

static bool
run_once(struct arena *arena, int number)
{
	struct sieve_environment environment;
	struct sieve_envelope envelope = { .from = SLICE("a@example.org"),
		.to = SLICE("b@example.com") };
	struct sieve_callbacks callbacks = { .include = NULL };
	struct sieve_job job = { .programs = &program,
		.n_programs = 1,
		.message = sieve_message_new(arena, message(arena, number)),
		.envelope = &envelope,
		.environment = &environment,
		.callbacks = &callbacks };
	const char *wanted = arena_printf(arena, "box %d", number);
	struct sieve_result result;
	const struct sieve_action *filed;

	sieve_environment_init(&environment);
	(void)sieve_run(&job, arena, &result);
	sieve_message_done(job.message);
	filed = result.n_actions == 2 ? result.actions->next : NULL;
	return result.status == SIEVE_OK && filed != NULL &&
	       slice_eq(filed->store.mailbox, slice_of(wanted)) &&
	       filed->store.n_flags == 4;
}

static void *
worker(void *context)
{
	struct arena arena = ARENA_INIT;
	int first = *(int *)context;
	bool ok = true;

	for (int i = 0; i < RUNS && ok; i++) {
		struct sieve_program *mine = sieve_program_ref(program);

		ok = run_once(&arena, first + i);
		sieve_program_unref(mine);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return ok ? context : NULL;
}

static void
eight_threads_share_one_program(void **state)
{
	pthread_t threads[THREADS];
	int first[THREADS];
	struct sieve_errors errors;

	(void)state;
	sieve_errors_init(&errors);
	assert_int_equal(
	    sieve_compile(slice_of(script), NULL, &program, &errors), 0);
	sieve_errors_done(&errors);
	for (int i = 0; i < THREADS; i++) {
		first[i] = 1000 * (i + 1);
		assert_int_equal(
		    pthread_create(&threads[i], NULL, worker, &first[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *ok = NULL;

		assert_int_equal(pthread_join(threads[i], &ok), 0);
		assert_non_null(ok);
	}
	sieve_program_unref(program);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_threads_share_one_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
