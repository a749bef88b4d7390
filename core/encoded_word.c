#include "core/encoded_word.h"

#include <sodium.h>

enum {
	WORD_OCTETS = 45, /* RFC 2047 section 2: 75 with all around it */
	WORD_BASE64 = sodium_base64_ENCODED_LEN(
	    WORD_OCTETS, sodium_base64_VARIANT_ORIGINAL),
};

static void
add_word(struct buf *to, struct slice text)
{
	char word[WORD_BASE64];

	(void)buf_addf(to, " =?utf-8?B?%s?=\n",
	    sodium_bin2base64(word, sizeof word, (const unsigned char *)text.p,
		text.n, sodium_base64_VARIANT_ORIGINAL));
}

/* Octets of the longest piece of at most max that splits no character. */
static size_t
whole_characters(struct slice text, size_t max)
{
	size_t n = text.n < max ? text.n : max;

	while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
		n--;
	return n > 0 ? n : slice_head(text, max).n; /* no UTF-8 at all */
}

void
encoded_word_add(struct buf *to, struct slice utf8)
{
	if (utf8.n == 0)
		(void)buf_add_char(to, '\n');
	while (utf8.n > 0) {
		size_t n = whole_characters(utf8, WORD_OCTETS);

		add_word(to, slice_head(utf8, n));
		utf8 = slice_tail(utf8, n);
	}
}
