#include "core/form.h"

#include "core/percent.h"

/* A percent sign that escapes nothing is a percent sign. */
static struct slice
decode(struct arena *arena, struct slice s, char plus)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	while (s.n > 0) {
		int octet = percent_octet(s);

		if (octet >= 0)
			to[n++] = (char)octet;
		else
			to[n++] = s.p[0] == '+' ? plus : s.p[0];
		s = slice_tail(s, octet < 0 ? 1 : 3);
	}
	return (struct slice){ to, n };
}

/* The field's value as it was sent; .p is NULL where there is none. */
static struct slice
find(struct slice form, struct slice name, struct arena *arena)
{
	struct slice field, sent;

	while (slice_cut(&form, '&', &field)) {
		if (!slice_cut(&field, '=', &sent))
			continue;
		if (slice_eq_nocase(decode(arena, sent, '+'), name))
			return field.n > 0 ? field : SLICE("");
	}
	return (struct slice){ NULL, 0 };
}

bool
form_find(struct slice form, struct slice name, struct arena *arena,
    struct slice *value_out)
{
	struct slice sent = find(form, name, arena);

	if (sent.p == NULL)
		return false;
	*value_out = decode(arena, sent, '+');
	return true;
}

struct slice
form_get(struct slice form, struct slice name, struct arena *arena)
{
	return decode(arena, find(form, name, arena), ' ');
}
