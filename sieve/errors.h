/*
 * sieve/errors.h - collect what is wrong with a script.
 *
 * Texts address the author of the script, so they name the word that is
 * wrong and say what would be right.
 */
#ifndef HAUSPOST_SIEVE_ERRORS_H
#define HAUSPOST_SIEVE_ERRORS_H

#include "sieve/sieve.h"

struct place {
	unsigned line, column;
};

/* Words of a script in a message: never longer than this. */
enum { ERRORS_WORD_MAX = 60 };
#define ERRORS_WORD(s) SLICE_FMT(slice_head((s), ERRORS_WORD_MAX))

/* Beyond SIEVE_ERRORS_MAX errors are dropped. */
void errors_add(struct sieve_errors *errors, struct place at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
