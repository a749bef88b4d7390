/*
 * core/slice.h - look at octets that somebody else owns.
 *
 * A slice never owns and is never NUL-terminated by promise: what arrives in
 * mail may hold any octet. Case is folded for ASCII only, as mail protocols
 * do (RFC 5321 2.4), so that no locale changes what an address means.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CORE_SLICE_H
#define HAUSPOST_CORE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

/* For string literals only; the "" makes anything else a compile error. */
#define SLICE(literal) ((struct slice){ "" literal, sizeof(literal) - 1 })

/* For printf's "%.*s". */
#define SLICE_FMT(s) (int)(s).n, (s).p

static inline struct slice
slice_of(const char *text)
{
	return (struct slice){ text, text != NULL ? strlen(text) : 0 };
}

static inline unsigned char
ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

/* What a hexadecimal digit of either case counts, or -1. */
static inline int
ascii_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)ascii_lower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The first n octets, or all when there are fewer. */
static inline struct slice
slice_head(struct slice s, size_t n)
{
	return (struct slice){ s.p, n < s.n ? n : s.n };
}

/* What is left after the first n octets; empty when there are fewer. */
static inline struct slice
slice_tail(struct slice s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return (struct slice){ n > 0 ? s.p + n : s.p, s.n - n };
}

/* Equal without regard to ASCII case. */
bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_contains_nocase(struct slice s, struct slice part);

/* Offset of the first (last) c, or -1. */
long slice_find(struct slice s, char c);
long slice_rfind(struct slice s, char c);

/* Whether there is an octet that is not ASCII. */
bool slice_has_8bit(struct slice s);

/* Without the blanks, tabs and line ends at both sides. */
struct slice slice_trim(struct slice s);

/*
 * Takes the part up to the next separator off the front of *rest into
 * *part_out. False when nothing is left; "a,,b" gives "a", "", "b".
 */
bool slice_cut(struct slice *rest, char separator, struct slice *part_out);

/*
 * A decimal number without sign. False when s is not one as a whole or is
 * above max.
 */
bool slice_number(
    struct slice s, unsigned long long max, unsigned long long *number_out);

/*
 * FNV-1a. Without a key: for names that no stranger chooses, or where meeting
 * another's does no harm.
 */
uint64_t slice_hash(struct slice s);

/* Well-formed UTF-8 without NUL: what PostgreSQL accepts as text. */
bool slice_is_text(struct slice s);

#endif
