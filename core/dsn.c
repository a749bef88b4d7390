#include "core/dsn.h"

#include <errno.h>
#include <stdbool.h>

static bool
is_xchar(unsigned char c)
{
	return c >= '!' && c <= '~' && c != '+' && c != '=';
}

struct slice
dsn_xtext(struct arena *arena, struct slice plain)
{
	static const char hex[] = "0123456789ABCDEF";
	char *to = arena_alloc(arena, plain.n * 3 + 1);
	size_t n = 0;

	for (size_t i = 0; i < plain.n; i++) {
		unsigned char c = (unsigned char)plain.p[i];

		if (is_xchar(c)) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '+';
		to[n++] = hex[c >> 4];
		to[n++] = hex[c & 15];
	}
	return (struct slice){ to, n };
}

int
dsn_plain(struct arena *arena, struct slice xtext, struct slice *plain_out)
{
	char *to = arena_alloc(arena, xtext.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < xtext.n; i++) {
		int high, low;

		if (xtext.p[i] != '+') {
			to[n++] = xtext.p[i];
			continue;
		}
		if (xtext.n - i < 3)
			return -EINVAL;
		/* Upper case, says RFC 3461; lower case is sent all the same. */
		high = ascii_hex(xtext.p[i + 1]);
		low = ascii_hex(xtext.p[i + 2]);
		if (high < 0 || low < 0)
			return -EINVAL;
		to[n++] = (char)(high << 4 | low);
		i += 2;
	}
	*plain_out = (struct slice){ to, n };
	return 0;
}

int
dsn_orcpt(struct arena *arena, struct slice orcpt, struct slice *addr_out)
{
	long semicolon = slice_find(orcpt, ';');
	struct slice type;

	if (semicolon < 0)
		return -EINVAL;
	type = slice_head(orcpt, (size_t)semicolon);
	if (!slice_eq_nocase(type, SLICE("rfc822")) &&
	    !slice_eq_nocase(type, SLICE("utf-8")))
		return -EINVAL;
	return dsn_plain(
	    arena, slice_tail(orcpt, (size_t)semicolon + 1), addr_out);
}
