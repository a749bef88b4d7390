/*
 * sieve/arguments.h - puts the arguments of a word where its tables say.
 */
#ifndef HAUSPOST_SIEVE_ARGUMENTS_H
#define HAUSPOST_SIEVE_ARGUMENTS_H

#include "sieve/compile.h"

/* node->word is known; fills args, match, pick and store. */
bool arguments_compile(struct compiler *compiler,
    const struct ast_argument *list, struct node *node);

#endif
