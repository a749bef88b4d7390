/*
 * sieve/match.h - compare values with the keys of a test.
 *
 *	matching_start(&m, run, node->match);
 *	for each value: if (matching_value(&m, value) != 0) break;
 *	return matching_end(&m);
 *
 * Match types and relations of RFC 5228 2.7.1, 5231, 6134 and the regex
 * draft; comparators i;octet, i;ascii-casemap and i;ascii-numeric.
 */
#ifndef HAUSPOST_SIEVE_MATCH_H
#define HAUSPOST_SIEVE_MATCH_H

#include "sieve/compile.h"
#include "sieve/run.h"

struct comparator {
	const char *name;
	const struct sieve_extension *extension;
	bool substrings; /* :contains, :matches and :regex make sense */
	bool fold_case;
	/* <0, 0, >0 as a sorts before, with or behind b. */
	int (*order)(struct slice a, struct slice b);
};

extern const struct comparator comparator_octet, comparator_casemap,
    comparator_numeric;

/* Comparator, relation and keys of a test are checked and made ready. */
bool match_compile(struct compiler *compiler, struct match *match);

struct matching {
	struct run *run;
	const struct match *match;
	struct slice key;   /* of a single key */
	struct slice *keys; /* expanded once; &key when there is one */
	size_t n_keys;
	uint64_t values; /* for :count */
	int outcome;
};

void matching_start(
    struct matching *m, struct run *run, const struct match *match);

/* 1: a key matched, look no further; 0: go on; RUN_FAIL. */
int matching_value(struct matching *m, struct slice value);

/* The outcome of the test. */
int matching_end(struct matching *m);

/* Does the relation hold between two values that sort so? */
bool match_relation(enum relation relation, int order);

#endif
