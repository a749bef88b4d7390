#include "listmgr/recode.h"

#include <errno.h>
#include <iconv.h>

#include "core/buf.h"

enum {
	NAME_MAX_OCTETS = 40,
	GROWTH = 8, /* octets of one character at most, and its shift codes */
	ROOM_LEAST = 64,
};

/* To iconv_open() a "/" begins options, such as leaving characters out. */
static bool
is_name_char(unsigned char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-_.:()+", c) != NULL);
}

static bool
copy_name(struct slice charset, char name[NAME_MAX_OCTETS])
{
	if (charset.n == 0 || charset.n >= NAME_MAX_OCTETS)
		return false;
	for (size_t i = 0; i < charset.n; i++) {
		if (!is_name_char((unsigned char)charset.p[i]))
			return false;
		name[i] = charset.p[i];
	}
	name[charset.n] = '\0';
	return true;
}

static bool
convert(iconv_t converter, struct slice text, struct buf *out)
{
	char *from = (char *)text.p; /* iconv() does not write there */
	size_t left = text.n;
	bool flushing = false;

	for (;;) {
		char piece[4096], *to = piece;
		size_t room = sizeof piece, r;

		/* At the end: back from whatever the last character needed. */
		r = flushing ? iconv(converter, NULL, NULL, &to, &room)
			     : iconv(converter, &from, &left, &to, &room);
		if (buf_add(out, piece, sizeof piece - room) < 0)
			return false;
		if (r == (size_t)-1 && errno != E2BIG)
			return false;
		if (r != (size_t)-1 && r != 0)
			return false; /* characters that were only similar */
		if (r == 0 && flushing)
			return true;
		flushing = left == 0;
	}
}

bool
recode_text(struct arena *arena, const struct recode *recode, struct slice text,
    struct slice *out)
{
	AUTO_BUF struct buf buf = BUF_INIT(GROWTH * text.n + ROOM_LEAST);
	char from[NAME_MAX_OCTETS], to[NAME_MAX_OCTETS];
	iconv_t converter;
	bool ok;

	if (!copy_name(recode->from, from) || !copy_name(recode->to, to))
		return false;
	converter = iconv_open(to, from);
	if (converter == (iconv_t)-1)
		return false;
	ok = convert(converter, text, &buf);
	(void)iconv_close(converter);
	if (ok)
		*out = arena_slice(arena, buf_slice(&buf));
	return ok;
}
