/*
 * RFC 5228 2.4.2.4: "${hex:40 2e}" and "${unicode:20AC}" in strings.
 *
 * Decoded once, before variables are looked for; what is not well-formed
 * stands for itself.
 */
#include "sieve/compile.h"

#include "core/buf.h"

enum { CODE_POINT_MAX = 0x10FFFF };

static void
skip_blanks(struct slice *s)
{
	while (
	    s->n > 0 && strchr(" \t\r\n", s->p[0]) != NULL && s->p[0] != '\0')
		*s = slice_tail(*s, 1);
}

/* One number of up to max digits; 0 digits: none. */
static size_t
number(struct slice *s, size_t max, unsigned long *value)
{
	size_t n = 0;

	*value = 0;
	while (n < s->n && n < max && ascii_hex(s->p[n]) >= 0)
		*value = *value * 16 + (unsigned long)ascii_hex(s->p[n++]);
	*s = slice_tail(*s, n);
	return n;
}

static void
add_utf8(struct buf *to, unsigned long c)
{
	if (c < 0x80) {
		(void)buf_add_char(to, (char)c);
		return;
	}
	if (c < 0x800) {
		(void)buf_add_char(to, (char)(0xC0 | c >> 6));
	} else if (c < 0x10000) {
		(void)buf_add_char(to, (char)(0xE0 | c >> 12));
		(void)buf_add_char(to, (char)(0x80 | (c >> 6 & 0x3F)));
	} else {
		(void)buf_add_char(to, (char)(0xF0 | c >> 18));
		(void)buf_add_char(to, (char)(0x80 | (c >> 12 & 0x3F)));
		(void)buf_add_char(to, (char)(0x80 | (c >> 6 & 0x3F)));
	}
	(void)buf_add_char(to, (char)(0x80 | (c & 0x3F)));
}

static bool
is_code_point(unsigned long c)
{
	return c <= CODE_POINT_MAX && (c < 0xD800 || c > 0xDFFF);
}

/* Numbers between the colon and "}": false when it is something else. */
static bool
numbers(struct slice *s, bool unicode, struct buf *to, bool *bad)
{
	bool any = false;

	for (;;) {
		unsigned long value;
		const char *before = s->p;
		size_t digits;

		skip_blanks(s);
		if (any && s->n > 0 && s->p[0] == '}')
			return true;
		if (any && s->p == before)
			return false; /* numbers need a blank between them */
		digits = number(s, unicode ? s->n : 2, &value);
		if (digits == 0 || digits > 9)
			return false;
		any = true;
		if (!unicode)
			(void)buf_add_char(to, (char)value);
		else if (is_code_point(value))
			add_utf8(to, value);
		else
			*bad = true;
	}
}

/* The sequence at the front of *s, decoded and consumed; or false. */
static bool
sequence(struct slice *s, struct buf *to, bool *bad)
{
	AUTO_BUF struct buf decoded = BUF_INIT(SIEVE_SCRIPT_MAX);
	bool unicode = slice_starts_nocase(*s, SLICE("${unicode:"));
	bool wrong = false;
	struct slice rest;

	if (!unicode && !slice_starts_nocase(*s, SLICE("${hex:")))
		return false;
	rest = slice_tail(*s, unicode ? 10 : 6);
	if (!numbers(&rest, unicode, &decoded, &wrong))
		return false;
	*bad = *bad || wrong;
	(void)buf_add_slice(to, buf_slice(&decoded));
	*s = slice_tail(rest, 1);
	return true;
}

static bool
rewrite(struct compiler *compiler, struct slice *text)
{
	AUTO_BUF struct buf to = BUF_INIT(SIEVE_SCRIPT_MAX);
	struct slice rest = *text;
	bool bad = false;

	while (rest.n > 0) {
		if (sequence(&rest, &to, &bad))
			continue;
		(void)buf_add_char(&to, rest.p[0]);
		rest = slice_tail(rest, 1);
	}
	if (bad) /* RFC 5228 2.4.2.4: an error, not a character */
		return compile_error(compiler,
		    "\"${unicode:…}\" holds a number that is no character");
	*text = arena_slice(compiler->arena, buf_slice(&to));
	return true;
}

const struct sieve_extension ext_encoded_character = {
	.name = "encoded-character", .rewrite = rewrite
};
