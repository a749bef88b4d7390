#include "core/slice.h"

bool
slice_eq_nocase(struct slice a, struct slice b)
{
	return a.n == b.n && slice_starts_nocase(a, b);
}

bool
slice_starts_nocase(struct slice s, struct slice prefix)
{
	if (s.n < prefix.n)
		return false;
	for (size_t i = 0; i < prefix.n; i++) {
		if (ascii_lower((unsigned char)s.p[i]) !=
		    ascii_lower((unsigned char)prefix.p[i]))
			return false;
	}
	return true;
}

bool
slice_contains_nocase(struct slice s, struct slice part)
{
	for (size_t i = 0; i + part.n <= s.n; i++) {
		if (slice_starts_nocase(slice_tail(s, i), part))
			return true;
	}
	return false;
}

long
slice_find(struct slice s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? at - s.p : -1;
}

bool
slice_has_8bit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	}
	return false;
}

long
slice_rfind(struct slice s, char c)
{
	const char *at = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;

	return at != NULL ? at - s.p : -1;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = slice_tail(s, 1);
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
slice_cut(struct slice *rest, char separator, struct slice *part_out)
{
	long at;

	if (rest->p == NULL)
		return false;
	at = slice_find(*rest, separator);
	if (at < 0) {
		*part_out = *rest;
		*rest = (struct slice){ NULL, 0 };
		return true;
	}
	*part_out = slice_head(*rest, (size_t)at);
	*rest = slice_tail(*rest, (size_t)at + 1);
	return true;
}

bool
slice_number(
    struct slice s, unsigned long long max, unsigned long long *number_out)
{
	unsigned long long value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

		if (digit > 9 || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number_out = value;
	return true;
}

/* Octets in the sequence that begins with c; 0 for what cannot begin one. */
static size_t
utf8_length(unsigned char c)
{
	if (c < 0x80)
		return c != 0;
	if (c < 0xC2) /* a continuation, or an overlong form */
		return 0;
	if (c < 0xE0)
		return 2;
	if (c < 0xF0)
		return 3;
	return c < 0xF5 ? 4 : 0;
}

/*
 * The second octet decides whether a sequence is overlong, a surrogate or
 * beyond U+10FFFF (RFC 3629 section 4).
 */
static bool
utf8_second_ok(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xE0:
		return second >= 0xA0 && second <= 0xBF;
	case 0xED:
		return second >= 0x80 && second <= 0x9F;
	case 0xF0:
		return second >= 0x90 && second <= 0xBF;
	case 0xF4:
		return second >= 0x80 && second <= 0x8F;
	default:
		return (second & 0xC0) == 0x80;
	}
}

bool
slice_is_text(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		size_t length = utf8_length(p[i]);

		if (length == 0 || length > s.n - i)
			return false;
		if (length > 1 && !utf8_second_ok(p[i], p[i + 1]))
			return false;
		for (size_t k = 2; k < length; k++) {
			if ((p[i + k] & 0xC0) != 0x80)
				return false;
		}
		i += length;
	}
	return true;
}

uint64_t
slice_hash(struct slice s)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * 0x100000001b3;
	return hash;
}
