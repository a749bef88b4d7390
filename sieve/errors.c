#include "sieve/errors.h"

#include <stdarg.h>
#include <stdio.h>

enum { ERROR_TEXT_MAX = 400 };

void
sieve_errors_init(struct sieve_errors *errors)
{
	errors->arena = (struct arena)ARENA_INIT;
	errors->n = 0;
}

void
sieve_errors_done(struct sieve_errors *errors)
{
	arena_done(&errors->arena);
	errors->n = 0;
}

void
errors_add(
    struct sieve_errors *errors, struct place at, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	struct sieve_error *error;
	va_list args;

	if (errors->n == SIEVE_ERRORS_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error = &errors->list[errors->n++];
	error->line = at.line;
	error->column = at.column;
	error->text = arena_strdup(&errors->arena, text);
}
