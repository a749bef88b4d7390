/*
 * sieve/source.h - the header fields that a test looks at.
 *
 * One walk for header, address, exists and date: it knows names, :index and
 * :last (RFC 5260 6), :mime and :anychild (RFC 5703 4).
 */
#ifndef HAUSPOST_SIEVE_SOURCE_H
#define HAUSPOST_SIEVE_SOURCE_H

#include "sieve/compile.h"
#include "sieve/run.h"

/* 0: go on; 1: enough; RUN_FAIL. */
typedef int source_on_field(
    void *context, struct run *run, struct fields *fields, size_t i);

/* The last value of on_field. pick may be NULL. */
int source_each(struct run *run, const struct pick *pick, struct slice name,
    source_on_field *on_field, void *context);

/* For all names of a list, as text_value() has them. */
int source_all(struct run *run, const struct pick *pick,
    const struct texts *names, source_on_field *on_field, void *context);

/* For check functions: names that can be a field's (RFC 5322 3.6.8). */
bool source_check_names(struct compiler *compiler, const struct texts *names);

/* Can it be the name of a field? */
bool source_is_name(struct slice name);

/* :last needs :index, :index counts from 1 (RFC 5260 6). */
bool source_check_index(struct compiler *compiler, const struct node *node);

#endif
