/*
 * Runs: a script, a NUL, a message. The budget holds, and mail is either
 * kept or something was done with it.
 */
#include <assert.h>
#include <stdint.h>

#include "sieve/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static int
yes_if_even(void *context, struct slice name)
{
	(void)context;
	return name.n % 2 == 0;
}

static void
use(const struct sieve_job *job, const struct sieve_result *result,
    struct arena *arena)
{
	const struct sieve_compose compose = { job->message, job->envelope,
		SLICE("<id@example.org>"), SLICE("host.example.org"), 0 };

	for (const struct sieve_action *a = result->actions; a; a = a->next) {
		(void)sieve_edit_message(a->edit, job->message, arena);
		if (a->type == SIEVE_VACATION)
			(void)sieve_compose_vacation(
			    &compose, &a->vacation, arena);
		else if (a->type == SIEVE_NOTIFY)
			(void)sieve_compose_notify(&compose, &a->notify,
			    SLICE("a@example.org"), arena);
		else if (a->type == SIEVE_REJECT)
			(void)sieve_compose_reject(&compose, a->reason, arena);
	}
}

static void
run(struct sieve_program *program, struct slice octets)
{
	struct arena arena = ARENA_INIT;
	struct sieve_environment environment;
	struct sieve_envelope envelope = { .from = SLICE("a@example.org"),
		.to = SLICE("b+c@example.org") };
	struct sieve_callbacks callbacks = { .mailbox_exists = yes_if_even,
		.duplicate_seen = yes_if_even };
	struct sieve_job job = { .programs = &program,
		.n_programs = 1,
		.message = sieve_message_new(&arena, octets),
		.envelope = &envelope,
		.environment = &environment,
		.callbacks = &callbacks };
	struct sieve_result result;

	sieve_environment_init(&environment);
	environment.now = 1700000000;
	environment.addresses = &envelope.to;
	environment.n_addresses = 1;
	(void)sieve_run(&job, &arena, &result);
	assert(result.actions != NULL);
	assert(result.steps <= SIEVE_STEPS_MAX + 1);
	assert(result.n_actions <= SIEVE_ACTIONS_MAX + 1);
	use(&job, &result, &arena);
	sieve_message_done(job.message);
	arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice script = { (const char *)octets, n }, message;
	struct sieve_options options = { sieve_extensions_all(), NULL };
	struct sieve_program *program = NULL;
	struct sieve_errors errors;
	long nul = slice_find(script, '\0');

	if (nul < 0)
		return -1; /* not worth keeping */
	message = slice_tail(script, (size_t)nul + 1);
	script.n = (size_t)nul;
	sieve_errors_init(&errors);
	if (sieve_compile(script, &options, &program, &errors) == 0)
		run(program, message);
	sieve_program_unref(program);
	sieve_errors_done(&errors);
	return 0;
}
