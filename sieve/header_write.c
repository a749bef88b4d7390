#include "sieve/header_write.h"

#include "core/buf.h"

enum {
	LINE_WANTED = 78, /* RFC 5322 2.1.1 */
	WORD_OCTETS = 42, /* of UTF-8, so that base64 stays under 75 */
	VALUE_MAX = 1024 * 1024,
};

struct writer {
	struct buf out;
	size_t column;
	struct slice line_end;
};

static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	/* Text that looks like an encoded word must not become one. */
	return s.n == 0 || memmem(s.p, s.n, "=?", 2) == NULL;
}

static struct slice
clean(struct arena *arena, struct slice text)
{
	char *copy = arena_strndup(arena, text.p, text.n);

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)copy[i];

		if (c < ' ' || c == 0x7f)
			copy[i] = ' ';
	}
	return slice_trim((struct slice){ copy, text.n });
}

static void
put(struct writer *writer, struct slice piece)
{
	(void)buf_add_slice(&writer->out, piece);
	writer->column += piece.n;
}

/* Blank and word, on a new line when this one gets too long. */
static void
put_word(struct writer *writer, struct slice blanks, struct slice word)
{
	if (writer->column + blanks.n + word.n > LINE_WANTED && blanks.n > 0) {
		put(writer, writer->line_end);
		writer->column = 0;
	}
	put(writer, blanks);
	put(writer, word);
}

static void
write_plain(struct writer *writer, struct slice text)
{
	while (text.n > 0) {
		size_t blanks = 0, end;

		while (blanks < text.n && text.p[blanks] == ' ')
			blanks++;
		end = blanks;
		while (end < text.n && text.p[end] != ' ')
			end++;
		put_word(writer, slice_head(text, blanks),
		    slice_head(slice_tail(text, blanks), end - blanks));
		text = slice_tail(text, end);
	}
}

static void
add_base64(struct buf *to, struct slice s)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		unsigned long bits = 0;
		size_t n = s.n - i < 3 ? s.n - i : 3;

		for (size_t k = 0; k < 3; k++)
			bits =
			    bits << 8 | (k < n ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			(void)buf_add_char(to,
			    k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=');
	}
}

/* Whole characters of at most WORD_OCTETS; malformed text by octets. */
static struct slice
cut(struct slice text)
{
	size_t n = WORD_OCTETS;

	if (text.n <= WORD_OCTETS)
		return text;
	while (n > WORD_OCTETS - 4 && ((unsigned char)text.p[n] & 0xC0) == 0x80)
		n--;
	return slice_head(text, n);
}

static void
write_encoded(struct writer *writer, struct slice text)
{
	bool first = true;

	while (text.n > 0) {
		AUTO_BUF struct buf word = BUF_INIT(128);
		struct slice piece = cut(text);

		(void)buf_add_text(&word, "=?utf-8?b?");
		add_base64(&word, piece);
		(void)buf_add_text(&word, "?=");
		put_word(
		    writer, first ? SLICE("") : SLICE(" "), buf_slice(&word));
		text = slice_tail(text, piece.n);
		first = false;
	}
}

struct slice
header_write(struct arena *arena, size_t name_n, struct slice text,
    struct slice line_end)
{
	struct writer writer = { .out = BUF_INIT(VALUE_MAX),
		.column = name_n + 2,
		.line_end = line_end };
	struct slice value;

	text = clean(arena, text);
	if (is_plain(text))
		write_plain(&writer, text);
	else
		write_encoded(&writer, text);
	value = arena_slice(arena, buf_slice(&writer.out));
	buf_free(&writer.out);
	return value;
}
