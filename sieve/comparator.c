/*
 * Comparators (RFC 4790). They look at octets: what is a letter in another
 * alphabet has no case here, as i;ascii-casemap says.
 */
#include "sieve/match.h"

static int
order_octets(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

/* RFC 4790 9.2.1 compares upper case, which decides where "_" sorts. */
static int
upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : (unsigned char)c;
}

static int
order_casemap(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int order = upper(a.p[i]) - upper(b.p[i]);

		if (order != 0)
			return order;
	}
	return (a.n > b.n) - (a.n < b.n);
}

/* The digits in front, without leading zeros; p NULL: not a number. */
static struct slice
digits(struct slice s)
{
	struct slice found = { NULL, 0 };
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	if (n == 0)
		return found;
	found = slice_head(s, n);
	while (found.n > 1 && found.p[0] == '0')
		found = slice_tail(found, 1);
	return found;
}

/* RFC 4790 9.1.1: any length; what begins with no digit is infinite. */
static int
order_numeric(struct slice a, struct slice b)
{
	a = digits(a);
	b = digits(b);
	if (a.p == NULL || b.p == NULL)
		return (a.p == NULL) - (b.p == NULL);
	if (a.n != b.n)
		return a.n > b.n ? 1 : -1;
	return memcmp(a.p, b.p, a.n);
}

const struct comparator comparator_octet = { "i;octet", &ext_comparator_octet,
	.substrings = true, .order = order_octets };
const struct comparator comparator_casemap = { "i;ascii-casemap",
	&ext_comparator_casemap, .substrings = true, .fold_case = true,
	.order = order_casemap };
const struct comparator comparator_numeric = { "i;ascii-numeric",
	&ext_comparator_numeric, .order = order_numeric };

/* RFC 5228 2.7.3: the first two are there without a require. */
const struct sieve_extension ext_comparator_octet = {
	.name = "comparator-i;octet", .silent = true
};
const struct sieve_extension ext_comparator_casemap = {
	.name = "comparator-i;ascii-casemap", .silent = true
};
const struct sieve_extension ext_comparator_numeric = {
	.name = "comparator-i;ascii-numeric"
};
