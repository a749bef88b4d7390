/* Scripts: any octets compile or give errors with a place inside them. */
#include <assert.h>
#include <stdint.h>

#include "sieve/sieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice script = { (const char *)octets, n };
	struct sieve_options options = { sieve_extensions_all(), NULL };
	struct sieve_program *program = NULL;
	struct sieve_errors errors;

	sieve_errors_init(&errors);
	if (sieve_compile(script, &options, &program, &errors) == 0)
		assert(errors.n == 0);
	else
		assert(errors.n > 0 && errors.list[0].line > 0 &&
		       errors.list[0].column > 0);
	sieve_program_unref(program);
	sieve_errors_done(&errors);
	return 0;
}
