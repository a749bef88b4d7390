/*
 * sieve/mailto.h - mailto: URIs (RFC 6068) as a method of notify (RFC 5436).
 */
#ifndef HAUSPOST_SIEVE_MAILTO_H
#define HAUSPOST_SIEVE_MAILTO_H

#include "sieve/sieve.h"

enum { MAILTO_ADDRESSES_MAX = 16, MAILTO_HEADERS_MAX = 32 };

struct mailto {
	struct slice addresses[MAILTO_ADDRESSES_MAX];
	size_t n_addresses;
	struct sieve_item headers[MAILTO_HEADERS_MAX];
	size_t n_headers;
	struct slice body;
};

/*
 * False: not a mailto: URI, or one that cannot be used; *problem_out tells
 * the author why. Line ends never get into a header.
 */
bool mailto_parse(struct arena *arena, struct slice uri,
    struct mailto *mailto_out, const char **problem_out);

#endif
