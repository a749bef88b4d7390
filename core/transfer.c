#include "core/transfer.h"

#include <errno.h>
#include <sodium.h>

#include "core/entity.h"

enum {
	QUOTED_LINE_MAX = 76,	 /* RFC 2045 6.7 (5) */
	BASE64_LINE_OCTETS = 57, /* 76 characters of text */
	BASE64_LINE_TEXT = BASE64_LINE_OCTETS / 3 * 4,
};

enum transfer
transfer_of(struct slice header)
{
	static const struct {
		struct slice name;
		enum transfer transfer;
	} known[] = { { { "7bit", 4 }, TRANSFER_7BIT },
		{ { "8bit", 4 }, TRANSFER_8BIT },
		{ { "binary", 6 }, TRANSFER_8BIT },
		{ { "quoted-printable", 16 }, TRANSFER_QUOTED },
		{ { "base64", 6 }, TRANSFER_BASE64 } };
	const struct entity_value value = entity_value(
	    header, SLICE("Content-Transfer-Encoding"), SLICE("7bit"));

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (slice_eq_nocase(value.name, known[i].name))
			return known[i].transfer;
	}
	return TRANSFER_OTHER;
}

/* --- decoding ----------------------------------------------------------- */

/* Octets that "=" and what follows stand for, in text; 0: it is no code. */
static size_t
quoted_code(struct slice s, char *octet_out, bool *has_octet)
{
	size_t n = 1;

	*has_octet =
	    s.n >= 3 && ascii_hex(s.p[1]) >= 0 && ascii_hex(s.p[2]) >= 0;
	if (*has_octet) {
		*octet_out = (char)(ascii_hex(s.p[1]) * 16 + ascii_hex(s.p[2]));
		return 3;
	}
	/* A soft line break; blanks before the line end were added since. */
	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t' || s.p[n] == '\r'))
		n++;
	if (n == s.n)
		return n;
	return s.p[n] == '\n' ? n + 1 : 0;
}

static struct slice
decode_quoted(struct arena *arena, struct slice octets)
{
	char *to = arena_alloc(arena, octets.n + 1);
	size_t n = 0;

	while (octets.n > 0) {
		bool has_octet = false;
		size_t taken = 0;

		if (octets.p[0] == '=')
			taken = quoted_code(octets, to + n, &has_octet);
		if (taken == 0) {
			to[n] = octets.p[0];
			has_octet = true;
			taken = 1;
		}
		n += has_octet;
		octets = slice_tail(octets, taken);
	}
	return (struct slice){ to, n };
}

static int
base64_digit(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static struct slice
decode_base64(struct arena *arena, struct slice octets)
{
	char *to = arena_alloc(arena, octets.n / 4 * 3 + 4);
	size_t n = 0;
	unsigned long bits = 0;
	unsigned n_bits = 0;

	for (size_t i = 0; i < octets.n && octets.p[i] != '='; i++) {
		int digit = base64_digit(octets.p[i]);

		if (digit < 0)
			continue;
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			to[n++] = (char)(bits >> n_bits);
		}
	}
	return (struct slice){ to, n };
}

struct slice
transfer_decode(
    struct arena *arena, enum transfer transfer, struct slice octets)
{
	if (transfer == TRANSFER_QUOTED)
		return decode_quoted(arena, octets);
	if (transfer == TRANSFER_BASE64)
		return decode_base64(arena, octets);
	return octets;
}

/* --- encoding ----------------------------------------------------------- */

/*
 * RFC 2045 6.7 (3): a blank at the end of a line is a code. So is what SMTP
 * or a mailbox file would change: a dot, and the "F" of "From ".
 */
static bool
is_plain(struct slice rest, size_t column)
{
	unsigned char c = (unsigned char)rest.p[0];

	if (c == ' ' || c == '\t')
		return rest.n > 1 && rest.p[1] != '\n';
	if (column == 0 && (c == '.' || c == 'F'))
		return false;
	return c > ' ' && c < 0x7f && c != '=';
}

int
transfer_add_quoted(struct buf *to, struct slice text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.n; i++) {
		struct slice rest = slice_tail(text, i);
		bool plain = is_plain(rest, column);
		size_t width = plain ? 1 : 3;

		if (rest.p[0] == '\n') {
			(void)buf_add_char(to, '\n');
			column = 0;
			continue;
		}
		if (column + width > QUOTED_LINE_MAX - 1) {
			(void)buf_add_text(to, "=\n");
			column = 0;
			plain = is_plain(rest, column);
			width = plain ? 1 : 3;
		}
		if (plain)
			(void)buf_add_char(to, rest.p[0]);
		else
			(void)buf_addf(to, "=%02X", (unsigned char)rest.p[0]);
		column += width;
	}
	return buf_failed(to) ? -EMSGSIZE : 0;
}

int
transfer_add_base64(struct buf *to, struct slice octets)
{
	while (octets.n > 0) {
		char line[BASE64_LINE_TEXT + 1];
		struct slice piece = slice_head(octets, BASE64_LINE_OCTETS);

		(void)sodium_bin2base64(line, sizeof line,
		    (const unsigned char *)piece.p, piece.n,
		    sodium_base64_VARIANT_ORIGINAL);
		(void)buf_addf(to, "%s\n", line);
		octets = slice_tail(octets, piece.n);
	}
	return buf_failed(to) ? -EMSGSIZE : 0;
}
