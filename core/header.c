#include "core/header.h"

/* Octets of the first line with its line end. */
static size_t
line_length(struct slice s)
{
	long lf = slice_find(s, '\n');

	return lf < 0 ? s.n : (size_t)lf + 1;
}

static bool
is_folded(struct slice next_line)
{
	return next_line.n > 0 &&
	       (next_line.p[0] == ' ' || next_line.p[0] == '\t');
}

/* Octets of the field at the front: its line and those folded under it. */
static size_t
field_length(struct slice s)
{
	size_t n = line_length(s);

	while (is_folded(slice_tail(s, n)))
		n += line_length(slice_tail(s, n));
	return n;
}

static bool
is_name_char(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != ':'; /* ftext, RFC 5322 3.6.8 */
}

/* The name at the front of a line, or an empty slice. */
static struct slice
field_name(struct slice line)
{
	size_t n = 0, colon;

	while (n < line.n && is_name_char((unsigned char)line.p[n]))
		n++;
	for (colon = n; colon < line.n; colon++) {
		/* Blanks before the colon: obs-optional, RFC 5322 4.5.8. */
		if (line.p[colon] != ' ' && line.p[colon] != '\t')
			break;
	}
	if (colon == line.n || line.p[colon] != ':')
		n = 0;
	return slice_head(line, n);
}

bool
header_next(struct header_walk *walk, struct header_field *field_out)
{
	struct slice whole = slice_head(walk->rest, field_length(walk->rest));
	struct slice name = field_name(whole);

	if (name.n == 0)
		return false;
	walk->rest = slice_tail(walk->rest, whole.n);
	field_out->name = name;
	field_out->whole = whole;
	field_out->value =
	    slice_trim(slice_tail(whole, (size_t)slice_find(whole, ':') + 1));
	return true;
}

size_t
header_length(struct slice message)
{
	struct header_walk walk = header_start(message);
	struct header_field field;

	while (header_next(&walk, &field))
		;
	return message.n - walk.rest.n;
}

struct slice
header_unfold(struct arena *arena, struct slice value)
{
	char *to = arena_alloc(arena, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] != '\r' && value.p[i] != '\n')
			to[n++] = value.p[i];
	}
	return (struct slice){ to, n };
}

bool
header_find(
    struct slice message, struct slice name, struct header_field *field_out)
{
	struct header_walk walk = header_start(message);

	while (header_next(&walk, field_out)) {
		if (slice_eq_nocase(field_out->name, name))
			return true;
	}
	return false;
}
