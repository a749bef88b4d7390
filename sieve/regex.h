/*
 * sieve/regex.h - POSIX extended regular expressions on PCRE2.
 *
 * The draft wants POSIX EREs; PCRE2 reads another language, so a pattern is
 * translated first and nothing of PCRE2's own syntax gets through. Bounds are
 * refused when nested ones multiply beyond REGEX_REPEAT_MAX. Matching
 * pays for every item it tries, and runs under match, depth and heap limits.
 *
 * Characters are UTF-8; malformed octets match nothing and are no error.
 *
 * Threads: a compiled pattern is immutable and may be shared.
 */
#ifndef HAUSPOST_SIEVE_REGEX_H
#define HAUSPOST_SIEVE_REGEX_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

enum {
	REGEX_PATTERN_MAX = 4096,
	REGEX_REPEAT_MAX = 1000, /* product of nested bounds */
	REGEX_GROUPS_MAX = 100,
};

/* 0, or -EINVAL and *problem_out says in the author's words what is wrong. */
int regex_compile(struct slice pattern, bool fold_case, pcre2_code **code_out,
    const char **problem_out);

/*
 * 1 matches, 0 does not, -1: *fuel ran out, in octets compared. groups gets
 * at most max slices of the value, the whole match first; *n_out their
 * number.
 */
int regex_match(const pcre2_code *code, struct slice value,
    struct slice *groups, size_t max, size_t *n_out, uint64_t *fuel);

#endif
