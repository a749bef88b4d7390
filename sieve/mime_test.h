/*
 * sieve/mime_test.h - ":mime" with ":type", ":subtype", ":contenttype" and
 * ":param" (RFC 5703 4).
 */
#ifndef HAUSPOST_SIEVE_MIME_TEST_H
#define HAUSPOST_SIEVE_MIME_TEST_H

#include "sieve/compile.h"
#include "sieve/run.h"

bool mime_test_check(struct compiler *compiler, const struct node *node);

/* A header test that compares an aspect of the values. */
int mime_test_run(
    struct run *run, const struct node *node, const struct texts *names);

#endif
