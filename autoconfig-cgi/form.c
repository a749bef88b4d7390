#include "autoconfig-cgi/form.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)ascii_lower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet that "%XX" at the front of s means, or -1. */
static int
escaped_octet(struct slice s)
{
	int high, low;

	if (s.n < 3 || s.p[0] != '%')
		return -1;
	high = hex_digit(s.p[1]);
	low = hex_digit(s.p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* A percent sign that escapes nothing is a percent sign. */
static struct slice
decode(struct arena *arena, struct slice s)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	while (s.n > 0) {
		int octet = escaped_octet(s);

		to[n++] = octet < 0 ? s.p[0] : (char)octet;
		s = slice_tail(s, octet < 0 ? 1 : 3);
	}
	return (struct slice){ to, n };
}

bool
form_next(struct slice *rest, struct arena *arena, struct form_field *field_out)
{
	struct slice field, name;

	if (!slice_cut(rest, '&', &field))
		return false;
	if (!slice_cut(&field, '=', &name))
		name = SLICE("");
	field_out->name = decode(arena, name);
	field_out->value = decode(arena, field);
	return true;
}

bool
form_find(struct slice form, struct slice name, struct arena *arena,
    struct slice *value_out)
{
	struct form_field field;

	while (form_next(&form, arena, &field)) {
		if (slice_eq_nocase(field.name, name)) {
			*value_out = field.value;
			return true;
		}
	}
	return false;
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

struct slice
form_encode(struct arena *arena, struct slice text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = arena_alloc(arena, 3 * text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_unreserved((char)c)) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '%';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	return (struct slice){ to, n };
}
