/* MIME: a script that looks at every part of any octets whatsoever. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "sieve/sieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static const char script[] =
    "require [\"mime\",\"foreverypart\",\"extracttext\",\"variables\","
    "\"body\",\"fileinto\",\"copy\"];"
    "foreverypart { foreverypart { extracttext \"t\"; }"
    "  if header :mime :param \"name\" :matches \"Content-Type\" \"*\""
    "  { set \"n\" \"${1}\"; } }"
    "if anyof (body :content \"text\" :contains \"x\","
    "  body :content \"\" :contains \"y\", body :text :contains \"z\","
    "  header :mime :anychild :subtype :is \"Content-Type\" \"html\","
    "  address :mime :anychild :domain :is \"from\" \"a\")"
    "{ fileinto :copy \"found ${t}\"; }";

static struct sieve_program *
program(void)
{
	static struct sieve_program *compiled;
	struct sieve_errors errors;

	if (compiled != NULL)
		return compiled;
	sieve_errors_init(&errors);
	if (sieve_compile(slice_of(script), NULL, &compiled, &errors) < 0)
		abort();
	sieve_errors_done(&errors);
	return compiled;
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct sieve_program *compiled = program();
	struct arena arena = ARENA_INIT;
	struct sieve_environment environment;
	struct sieve_envelope envelope = { .from = SLICE("") };
	struct sieve_callbacks callbacks = { .include = NULL };
	struct sieve_job job = { .programs = &compiled,
		.n_programs = 1,
		.message = sieve_message_new(
		    &arena, (struct slice){ (const char *)octets, n }),
		.envelope = &envelope,
		.environment = &environment,
		.callbacks = &callbacks };
	struct sieve_result result;

	sieve_environment_init(&environment);
	(void)sieve_run(&job, &arena, &result);
	assert(result.actions != NULL);
	sieve_message_done(job.message);
	arena_done(&arena);
	return 0;
}
