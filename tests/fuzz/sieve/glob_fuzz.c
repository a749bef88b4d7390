/*
 * Globs: pattern, NUL, value. Captures fit together with the pattern again,
 * and a simple matcher that tries everything comes to the same answer.
 */
#include <assert.h>
#include <stdint.h>

#include "sieve/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

enum { NAIVE_MAX = 16 };

static bool
naive(struct slice p, struct slice v)
{
	if (p.n == 0)
		return v.n == 0;
	while (p.n > 1 && p.p[0] == '*' && p.p[1] == '*')
		p = slice_tail(p, 1); /* or it tries for minutes */
	if (p.p[0] == '*')
		return naive(slice_tail(p, 1), v) ||
		       (v.n > 0 && naive(p, slice_tail(v, 1)));
	if (v.n == 0)
		return false;
	if (p.p[0] == '?')
		return naive(slice_tail(p, 1), slice_tail(v, 1));
	if (p.p[0] == '\\' && p.n > 1)
		p = slice_tail(p, 1);
	return p.p[0] == v.p[0] && naive(slice_tail(p, 1), slice_tail(v, 1));
}

/* Octets of the value that the captures and plain text make up. */
static size_t
total(struct slice pattern, const struct glob_captures *captures)
{
	size_t sum = 0;

	for (size_t i = 0; i < captures->n; i++)
		sum += captures->list[i].n;
	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] == '*' || pattern.p[i] == '?')
			continue;
		if (pattern.p[i] == '\\' && i + 1 < pattern.n)
			i++;
		sum++;
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice pattern = { (const char *)octets, n }, value;
	struct slice list[64];
	struct glob_captures captures = { list, 0, 64 };
	long nul = slice_find(pattern, '\0');
	uint64_t fuel = 100000;
	int r;

	if (nul < 0 || nul > 60)
		return -1;
	value = slice_tail(pattern, (size_t)nul + 1);
	pattern.n = (size_t)nul;
	r = glob_match(pattern, value, false, &captures, &fuel);
	if (r == 1)
		assert(total(pattern, &captures) == value.n);
	if (r >= 0 && pattern.n <= NAIVE_MAX && value.n <= NAIVE_MAX)
		assert(r == naive(pattern, value));
	return 0;
}
