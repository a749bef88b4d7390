/*
 * sieve-run - what a Sieve script does with a message, without doing it.
 *
 *	sieve-run [-f from] [-t to] [--trace] SCRIPT MESSAGE
 *
 * Prints the plan, one action a line. Exit status: 0 planned, 65 the script
 * has errors or failed, 66 a file cannot be read, 64 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "core/scope.h"
#include "sieve/tools/files.h"

struct options {
	const char *from, *to, *extensions;
	bool trace, check_only;
	int64_t now;
};

struct world {
	const char *script_path; /* personal scripts lie beside it */
	const struct sieve_options *compile;
};

static void
usage(FILE *out)
{
	(void)fputs(
	    "usage: sieve-run [options] SCRIPT MESSAGE\n"
	    "Prints what the script would do with the message.\n\n"
	    "  -f, --from ADDRESS     envelope sender (default: null sender)\n"
	    "  -t, --to ADDRESS       envelope recipient\n"
	    "  -x, --extensions LIST  as sieve_extensions of Dovecot; all\n"
	    "                         that exist unless given\n"
	    "      --now SECONDS      the clock, in Unix seconds\n"
	    "      --trace            every step with its cost in octets\n"
	    "      --check            compile SCRIPT only\n"
	    "      --help\n",
	    out);
}

static bool
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = { { "from", required_argument,
						   NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "extensions", required_argument, NULL, 'x' },
		{ "now", required_argument, NULL, 'n' },
		{ "trace", no_argument, NULL, 'T' },
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "f:t:x:", longs, NULL)) != -1) {
		if (c == 'f')
			o->from = optarg;
		else if (c == 't')
			o->to = optarg;
		else if (c == 'x')
			o->extensions = optarg;
		else if (c == 'n')
			o->now = strtoll(optarg, NULL, 10);
		else if (c == 'T')
			o->trace = true;
		else if (c == 'c')
			o->check_only = true;
		else if (c == 'h')
			usage(stdout), exit(EX_OK);
		else
			return false;
	}
	return argc - optind == (o->check_only ? 1 : 2);
}

/* ---- Answers to the engine's questions ---- */

static int
on_include(void *context, bool global, struct slice name,
    struct sieve_program **program_out)
{
	const struct world *world = context;

	return files_include(
	    world->script_path, global, name, world->compile, program_out);
}

static void
on_trace(void *context, const struct sieve_trace *t)
{
	static const char *const outcomes[] = { "failed", "false", "true", "" };

	(void)context;
	(void)printf("%4u:%-3u %*s%s", t->line, t->column, 2 * (int)t->depth,
	    "", t->word);
	if (t->outcome < 2)
		(void)printf(" -> %s", outcomes[t->outcome + 1]);
	(void)printf("  (%lu)\n", t->cost_octets);
}

/* ---- The run ---- */

static int
report(const struct sieve_result *result, const char *script)
{
	for (const struct sieve_action *a = result->actions; a; a = a->next)
		sieve_action_print(a, stdout);
	if (result->status == SIEVE_OK)
		return EX_OK;
	(void)fprintf(stderr, "%s:%u:%u: %s\n", script, result->error.line,
	    result->error.column, result->error.text);
	return EX_DATAERR;
}

static int
run(const struct options *o, struct sieve_program *program, struct world *world,
    const char *message_path)
{
	struct arena arena = ARENA_INIT;
	struct sieve_envelope envelope = { .from = slice_of(o->from),
		.to = slice_of(o->to) };
	struct sieve_environment environment;
	struct sieve_callbacks callbacks = { .include = on_include };
	struct sieve_job job = { .programs = &program,
		.n_programs = 1,
		.envelope = &envelope,
		.environment = &environment,
		.callbacks = &callbacks,
		.context = world };
	struct sieve_result result;
	struct slice octets;
	int status = EX_NOINPUT;

	sieve_environment_init(&environment);
	if (o->now != 0)
		environment.now = o->now;
	if (o->trace)
		callbacks.on_trace = on_trace;
	if (files_read(message_path, &arena, &octets)) {
		job.message = sieve_message_new(&arena, octets);
		(void)sieve_run(&job, &arena, &result);
		status = report(&result, world->script_path);
		sieve_message_done(job.message);
	}
	arena_done(&arena);
	return status;
}

static bool
read_extensions(const struct options *o, struct sieve_options *compile)
{
	struct slice bad;

	compile->extensions = sieve_extensions_all();
	if (o->extensions == NULL ||
	    sieve_extensions_parse(
		slice_of(o->extensions), &compile->extensions, &bad) == 0)
		return true;
	(void)fprintf(
	    stderr, "sieve-run: unknown extension \"%.*s\"\n", SLICE_FMT(bad));
	return false;
}

int
main(int argc, char **argv)
{
	struct options o = { .from = "", .to = "" };
	struct sieve_options compile = { 0, NULL };
	struct sieve_program *program = NULL;
	struct world world = { NULL, &compile };
	int status;

	if (!read_options(argc, argv, &o)) {
		usage(stderr);
		return EX_USAGE;
	}
	if (!read_extensions(&o, &compile))
		return EX_USAGE;
	world.script_path = argv[optind];
	status = files_compile(world.script_path, &compile, &program);
	if (status == EX_OK && !o.check_only)
		status = run(&o, program, &world, argv[optind + 1]);
	sieve_program_unref(program);
	return status;
}
