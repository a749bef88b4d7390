/*
 * tests/bench/sieve.c - how fast scripts compile and run, and what they hold.
 *
 * One thread, by its CPU time, since rates are meant per core and other work
 * may run beside it. Prints rates for the speed script on a message of 4 KB
 * with 20 header fields: a message seen once, a message many mailboxes get,
 * and compiling alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/buf.h"
#include "sieve/sieve.h"

static const char speed_script[] =
    "require [\"fileinto\",\"mailbox\",\"imap4flags\"];\n"
    "if header :contains \"X-Spam-Flag\" \"YES\" {\n"
    "  fileinto :create \"Junk\"; stop;\n}\n"
    "if address :domain :is \"from\" \"lists.example\" {\n"
    "  addflag \"\\\\Seen\"; fileinto :create \"Lists\"; stop;\n}\n"
    "if header :matches \"subject\" \"[*] *\" { keep; stop; }\n";

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct slice
message_text(struct arena *arena)
{
	AUTO_BUF struct buf text = BUF_INIT(8192);

	(void)buf_add_text(&text, "From: Fred <fred@example.com>\r\n"
				  "To: anna@example.org\r\n"
				  "Subject: Minutes of the last meeting\r\n");
	for (int i = 0; i < 17; i++)
		(void)buf_addf(&text, "X-Header-%d: value number %d\r\n", i, i);
	(void)buf_add_text(&text, "\r\n");
	while (text.n < 4096)
		(void)buf_add_text(&text, "A line of the body.\r\n");
	return arena_slice(arena, buf_slice(&text));
}

static struct sieve_program *
compile(const char *script)
{
	struct sieve_program *program;
	struct sieve_errors errors;

	sieve_errors_init(&errors);
	if (sieve_compile(slice_of(script), NULL, &program, &errors) < 0)
		abort();
	sieve_errors_done(&errors);
	return program;
}

static void
bench_compile(void)
{
	enum { N = 100000 };
	double start = now();

	for (int i = 0; i < N; i++)
		sieve_program_unref(compile(speed_script));
	(void)printf("sieve compile          %10.0f /s\n",
	    N / (now() - start));
}

/* fresh: the message is new each time, so its header is parsed as well. */
static void
bench_run(const char *name, bool fresh)
{
	enum { N = 500000 };
	struct arena message_arena = ARENA_INIT, arena = ARENA_INIT;
	struct slice text = message_text(&message_arena);
	struct sieve_program *program = compile(speed_script);
	struct sieve_environment environment;
	struct sieve_callbacks callbacks = { .include = NULL };
	struct sieve_envelope envelope = { .from = SLICE("a@example.com") };
	struct sieve_job job = { .programs = &program,
		.n_programs = 1,
		.message = sieve_message_new(&message_arena, text),
		.envelope = &envelope,
		.environment = &environment,
		.callbacks = &callbacks };
	struct sieve_result result;
	double start;

	sieve_environment_init(&environment);
	start = now();
	for (int i = 0; i < N; i++) {
		if (fresh)
			job.message = sieve_message_new(&arena, text);
		if (sieve_run(&job, &arena, &result) != SIEVE_OK)
			abort();
		arena_reset(&arena);
	}
	(void)printf("%s %10.0f /s\n", name, N / (now() - start));
	sieve_program_unref(program);
	arena_done(&arena);
	arena_done(&message_arena);
}

/* The worst that fits into the limit: nothing but short commands. */
static void
bench_memory(void)
{
	AUTO_BUF struct buf script = BUF_INIT(SIEVE_SCRIPT_MAX);
	struct sieve_program *program;

	while (buf_add_text(&script, "keep;") == 0)
		;
	program = compile(buf_text(&script));
	(void)printf("sieve 100 KB of script %10zu KB\n",
	    sieve_program_size(program) / 1024);
	sieve_program_unref(program);
}

int
main(void)
{
	bench_compile();
	bench_run("sieve run, new message", true);
	bench_run("sieve run, parsed mail", false);
	bench_memory();
	return 0;
}
