/*
 * sieve/glob.h - ":matches" (RFC 5228 2.7.1) in linear time per star.
 *
 * "*" takes as few octets as possible, from left to right, which is what RFC
 * 5229 3.2 wants of captures; so only the last star met ever needs to be
 * reconsidered, and nothing is exponential. "\" makes "*", "?" and "\" plain.
 */
#ifndef HAUSPOST_SIEVE_GLOB_H
#define HAUSPOST_SIEVE_GLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

struct glob_captures {
	struct slice *list; /* what the wildcards took, in their order */
	size_t n, max;	    /* more wildcards than max are not recorded */
};

/*
 * 1 matches, 0 does not, -1: *fuel, counted in octets compared, ran out.
 * captures may be NULL; it is filled on a match only.
 */
int glob_match(struct slice pattern, struct slice value, bool fold_case,
    struct glob_captures *captures, uint64_t *fuel);

#endif
