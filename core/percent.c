#include "core/percent.h"

/* RFC 3986 2.3. */
static bool
is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

struct slice
percent_encode(struct arena *arena, struct slice plain)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = arena_alloc(arena, 3 * plain.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < plain.n; i++) {
		unsigned char c = (unsigned char)plain.p[i];

		if (is_unreserved(c)) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '%';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	return (struct slice){ to, n };
}

int
percent_octet(struct slice s)
{
	int high, low;

	if (s.n < 3 || s.p[0] != '%')
		return -1;
	high = ascii_hex(s.p[1]);
	low = ascii_hex(s.p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

struct slice
percent_decode(struct arena *arena, struct slice text)
{
	char *to = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	while (text.n > 0) {
		int octet = percent_octet(text);

		to[n++] = octet < 0 ? text.p[0] : (char)octet;
		text = slice_tail(text, octet < 0 ? 1 : 3);
	}
	return (struct slice){ to, n };
}
