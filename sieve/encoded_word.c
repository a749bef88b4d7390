#include "sieve/encoded_word.h"

#include "core/buf.h"
#include "core/header.h"
#include "sieve/charset.h"

enum { DECODED_MAX = 4 * 1024 * 1024 };

/* "=?charset?encoding?text?=" taken apart. */
struct word {
	struct slice charset, text;
	char encoding; /* 'q' or 'b' */
	size_t length; /* of the whole */
};

/*
 * Octets of neighbouring words in one charset are converted together: mailers
 * that split a character between two words are common, RFC 2047 5 or not.
 */
struct decoding {
	struct buf out;
	struct buf octets; /* of words not yet converted */
	struct slice charset;
	struct slice raw; /* those words as they stand, should that fail */
};

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' ||
		    (unsigned char)s.p[i] >= 0x7f)
			return false;
	}
	return s.n > 0;
}

/* Up to the next "?" of *rest. */
static bool
cut_part(struct slice *rest, struct slice *part)
{
	long at = slice_find(*rest, '?');

	if (at < 0)
		return false;
	*part = slice_head(*rest, (size_t)at);
	*rest = slice_tail(*rest, (size_t)at + 1);
	return true;
}

/* The word at the front of s. */
static bool
parse_word(struct slice s, struct word *word)
{
	struct slice rest = slice_tail(s, 2), encoding;
	long language;

	if (!slice_starts_nocase(s, SLICE("=?")) ||
	    !cut_part(&rest, &word->charset) || !cut_part(&rest, &encoding) ||
	    !cut_part(&rest, &word->text))
		return false;
	if (!is_token(word->charset) || encoding.n != 1 || rest.n == 0 ||
	    rest.p[0] != '=')
		return false;
	word->encoding = (char)ascii_lower((unsigned char)encoding.p[0]);
	language = slice_find(word->charset, '*'); /* RFC 2231 5 */
	if (language >= 0)
		word->charset.n = (size_t)language;
	word->length = s.n - rest.n + 1;
	return word->encoding == 'q' || word->encoding == 'b';
}

static void
decode_q(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '_') {
			c = ' ';
		} else if (c == '=' && i + 2 < text.n &&
			   ascii_hex(text.p[i + 1]) >= 0 &&
			   ascii_hex(text.p[i + 2]) >= 0) {
			c = (char)(ascii_hex(text.p[i + 1]) * 16 +
				   ascii_hex(text.p[i + 2]));
			i += 2;
		}
		(void)buf_add_char(out, c);
	}
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Lenient: strange characters are skipped, "=" ends it. */
static void
decode_b(struct slice text, struct buf *out)
{
	unsigned bits = 0, n_bits = 0;

	for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
		int value = base64_value(text.p[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (unsigned)value;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		(void)buf_add_char(out, (char)(bits >> n_bits & 0xFF));
	}
}

static void
flush(struct decoding *d)
{
	if (d->raw.n > 0 &&
	    !charset_to_utf8(d->charset, buf_slice(&d->octets), &d->out))
		(void)buf_add_slice(&d->out, d->raw);
	buf_reset(&d->octets);
	d->raw.n = 0;
}

static void
add_word(struct decoding *d, const struct word *word, struct slice raw)
{
	if (d->raw.n > 0 && !slice_eq_nocase(d->charset, word->charset))
		flush(d);
	if (d->raw.n == 0)
		d->raw.p = raw.p;
	d->raw.n = (size_t)(raw.p + word->length - d->raw.p);
	d->charset = word->charset;
	if (word->encoding == 'q')
		decode_q(word->text, &d->octets);
	else
		decode_b(word->text, &d->octets);
}

static size_t
blanks(struct slice s)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	return n;
}

static void
decode(struct decoding *d, struct slice s)
{
	struct word word;

	while (s.n > 0) {
		/* Blanks between two words are not shown (RFC 2047 6.2). */
		size_t gap = d->raw.n > 0 ? blanks(s) : 0;

		if (parse_word(slice_tail(s, gap), &word)) {
			s = slice_tail(s, gap);
			add_word(d, &word, s);
			s = slice_tail(s, word.length);
			continue;
		}
		flush(d);
		gap = gap > 0 ? gap : 1;
		(void)buf_add_slice(&d->out, slice_head(s, gap));
		s = slice_tail(s, gap);
	}
	flush(d);
}

struct slice
encoded_word_decode(struct arena *arena, struct slice value)
{
	struct decoding d = { .out = BUF_INIT(DECODED_MAX),
		.octets = BUF_INIT(DECODED_MAX) };

	if (slice_find(value, '\n') >= 0 || slice_find(value, '\r') >= 0)
		value = header_unfold(arena, value);
	if (value.n == 0 || memmem(value.p, value.n, "=?", 2) == NULL)
		return value;
	decode(&d, value);
	value = arena_slice(arena, buf_slice(&d.out));
	buf_free(&d.out);
	buf_free(&d.octets);
	return value;
}
