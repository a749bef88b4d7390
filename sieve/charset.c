#include "sieve/charset.h"

#include <errno.h>
#include <iconv.h>

enum { CHARSET_NAME_MAX = 40 };

static const struct slice replacement = { "\xEF\xBF\xBD", 3 };

/* Octets of the well-formed character at the front, 0 when it is none. */
static size_t
character(struct slice s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++) {
		/* slice_is_text() refuses NUL, which is a character here. */
		if (slice_is_text(slice_head(s, n)) || s.p[0] == '\0')
			return n;
	}
	return 0;
}

static void
clean_utf8(struct slice text, struct buf *out)
{
	if (slice_is_text(text)) {
		(void)buf_add_slice(out, text);
		return;
	}
	while (text.n > 0) {
		size_t n = character(text);

		(void)buf_add_slice(
		    out, n > 0 ? slice_head(text, n) : replacement);
		text = slice_tail(text, n > 0 ? n : 1);
	}
}

static bool
is_utf8(struct slice charset)
{
	/* US-ASCII with 8-bit octets is in fact something else: most often
	 * UTF-8 by now. */
	return charset.n == 0 || slice_eq_nocase(charset, SLICE("utf-8")) ||
	       slice_eq_nocase(charset, SLICE("utf8")) ||
	       slice_eq_nocase(charset, SLICE("us-ascii")) ||
	       slice_eq_nocase(charset, SLICE("ascii"));
}

/* Names go to iconv_open(), where "/" and "," would begin options. */
static bool
is_name(struct slice charset)
{
	for (size_t i = 0; i < charset.n; i++) {
		unsigned char c = ascii_lower((unsigned char)charset.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr("-_.:()+", c) == NULL))
			return false;
	}
	return charset.n > 0 && charset.n < CHARSET_NAME_MAX;
}

static void
convert(iconv_t converter, struct slice text, struct buf *out)
{
	char *from = (char *)text.p; /* iconv() does not write there */
	size_t left = text.n;

	while (left > 0) {
		char piece[512], *to = piece;
		size_t room = sizeof piece, r;

		r = iconv(converter, &from, &left, &to, &room);
		if (buf_add(out, piece, sizeof piece - room) < 0)
			return;
		if (r != (size_t)-1 || errno == E2BIG)
			continue;
		(void)buf_add_slice(out, replacement);
		from++;
		left--;
	}
}

bool
charset_to_utf8(struct slice charset, struct slice text, struct buf *out)
{
	char name[CHARSET_NAME_MAX];
	iconv_t converter;

	if (is_utf8(charset)) {
		clean_utf8(text, out);
		return true;
	}
	if (!is_name(charset))
		return false;
	(void)memcpy(name, charset.p, charset.n);
	name[charset.n] = '\0';
	converter = iconv_open("UTF-8", name);
	if (converter == (iconv_t)-1)
		return false;
	convert(converter, text, out);
	(void)iconv_close(converter);
	return true;
}
