#include "fetcher/imap_name.h"

#include <stdint.h>

#include "core/buf.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

enum { NAME_MAX_OCTETS = 8192 };

/* --- encoding --------------------------------------------------------- */

struct encoder {
	struct buf out;
	uint32_t bits; /* that are not written yet, */
	unsigned n;    /* and how many */
	bool shifted;  /* between & and - */
};

static void
add_unit(struct encoder *e, uint32_t unit)
{
	if (!e->shifted)
		(void)buf_add_char(&e->out, '&');
	e->shifted = true;
	e->bits = e->bits << 16 | unit;
	for (e->n += 16; e->n >= 6; e->n -= 6)
		(void)buf_add_char(&e->out, digits[e->bits >> (e->n - 6) & 63]);
	e->bits &= (1u << e->n) - 1;
}

static void
unshift(struct encoder *e)
{
	if (!e->shifted)
		return;
	if (e->n > 0)
		(void)buf_add_char(&e->out, digits[e->bits << (6 - e->n) & 63]);
	(void)buf_add_char(&e->out, '-');
	e->bits = e->n = 0;
	e->shifted = false;
}

static void
add_character(struct encoder *e, uint32_t c)
{
	if (c >= ' ' && c <= '~') {
		unshift(e);
		(void)buf_add_char(&e->out, (char)c);
		if (c == '&')
			(void)buf_add_char(&e->out, '-');
	} else if (c < 0x10000) {
		add_unit(e, c);
	} else { /* a surrogate pair */
		add_unit(e, 0xd800 | (c - 0x10000) >> 10);
		add_unit(e, 0xdc00 | ((c - 0x10000) & 0x3ff));
	}
}

/* The character at the front of well-formed UTF-8. */
static uint32_t
take_character(struct slice *utf8)
{
	unsigned char first = (unsigned char)utf8->p[0];
	size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? first : first & (0xffu >> (n + 1));

	for (size_t i = 1; i < n && i < utf8->n; i++)
		c = c << 6 | ((unsigned char)utf8->p[i] & 0x3f);
	*utf8 = slice_tail(*utf8, n);
	return c;
}

struct slice
imap_name_encode(struct arena *arena, struct slice utf8)
{
	struct encoder e = { .out = BUF_INIT(NAME_MAX_OCTETS) };
	struct slice name;

	while (utf8.n > 0)
		add_character(&e, take_character(&utf8));
	unshift(&e);
	name = arena_slice(arena, buf_slice(&e.out));
	buf_free(&e.out);
	return name;
}

/* --- decoding --------------------------------------------------------- */

static void
add_utf8(struct buf *to, uint32_t c)
{
	if (c >= 0x10000)
		(void)buf_add_char(to, (char)(0xf0 | c >> 18));
	if (c >= 0x10000)
		(void)buf_add_char(to, (char)(0x80 | (c >> 12 & 0x3f)));
	else if (c >= 0x800)
		(void)buf_add_char(to, (char)(0xe0 | c >> 12));
	if (c >= 0x800)
		(void)buf_add_char(to, (char)(0x80 | (c >> 6 & 0x3f)));
	else if (c >= 0x80)
		(void)buf_add_char(to, (char)(0xc0 | c >> 6));
	(void)buf_add_char(to, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
}

struct decoder {
	struct buf *to;
	uint32_t bits, high; /* high: the first half of a pair, or 0 */
	unsigned n;
};

static bool
take_unit(struct decoder *d, uint32_t unit)
{
	bool low = unit >= 0xdc00 && unit < 0xe000;

	if (low != (d->high != 0))
		return false;
	if (low) {
		unit = 0x10000 + ((d->high & 0x3ff) << 10 | (unit & 0x3ff));
		d->high = 0;
	} else if (unit >= 0xd800 && unit < 0xdc00) {
		d->high = unit;
		return true;
	}
	if (unit < ' ')
		return false;
	add_utf8(d->to, unit);
	return true;
}

/* What stands between & and -. */
static bool
decode_shifted(struct buf *to, struct slice text)
{
	struct decoder d = { .to = to };

	for (size_t i = 0; i < text.n; i++) {
		const char *digit =
		    text.p[i] != '\0' ? strchr(digits, text.p[i]) : NULL;

		if (digit == NULL)
			return false;
		d.bits = d.bits << 6 | (uint32_t)(digit - digits);
		d.n += 6;
		if (d.n < 16)
			continue;
		d.n -= 16;
		if (!take_unit(&d, d.bits >> d.n & 0xffff))
			return false;
		d.bits &= (1u << d.n) - 1;
	}
	return d.high == 0;
}

static bool
decode(struct buf *to, struct slice name)
{
	while (name.n > 0) {
		long at = slice_find(name, '&'), end;
		struct slice inner;

		(void)buf_add_slice(
		    to, at < 0 ? name : slice_head(name, (size_t)at));
		if (at < 0)
			break;
		name = slice_tail(name, (size_t)at + 1);
		end = slice_find(name, '-');
		if (end < 0)
			return false;
		inner = slice_head(name, (size_t)end);
		if (inner.n == 0)
			(void)buf_add_char(to, '&');
		else if (!decode_shifted(to, inner))
			return false;
		name = slice_tail(name, (size_t)end + 1);
	}
	return !buf_failed(to);
}

struct slice
imap_name_decode(struct arena *arena, struct slice name)
{
	AUTO_BUF struct buf to = BUF_INIT(NAME_MAX_OCTETS);

	if (!decode(&to, name))
		return arena_slice(arena, name);
	return arena_slice(arena, buf_slice(&to));
}

struct slice
imap_name_place(struct arena *arena, struct slice utf8, char delimiter)
{
	char *dotted = arena_strndup(arena, utf8.p, utf8.n);

	for (size_t i = 0; i < utf8.n; i++) {
		if (dotted[i] == delimiter)
			dotted[i] = '.';
		else if (dotted[i] == '.')
			dotted[i] = '-';
	}
	return imap_name_encode(arena, (struct slice){ dotted, utf8.n });
}

void
imap_name_add_quoted(struct buf *to, struct slice name)
{
	(void)buf_add_char(to, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			(void)buf_add_char(to, '\\');
		(void)buf_add_char(to, name.p[i]);
	}
	(void)buf_add_char(to, '"');
}

struct slice
imap_name_quote(struct arena *arena, struct slice name)
{
	AUTO_BUF struct buf to = BUF_INIT(2 * NAME_MAX_OCTETS);

	imap_name_add_quoted(&to, name);
	return arena_slice(arena, buf_slice(&to));
}
