/*
 * sieve/address_test.h - parts of an address against keys (RFC 5228 2.7.4).
 */
#ifndef HAUSPOST_SIEVE_ADDRESS_TEST_H
#define HAUSPOST_SIEVE_ADDRESS_TEST_H

#include "sieve/address.h"
#include "sieve/match.h"

struct address_matching {
	struct matching matching;
	const struct pick *pick; /* NULL: the whole address */
};

/* As matching_value(): 1 matched, 0 go on, RUN_FAIL. */
int address_test_value(
    struct address_matching *m, const struct address *address);

/* RFC 5228 5.1: only headers that hold addresses. */
bool address_test_check(struct compiler *compiler, const struct texts *names);

#endif
