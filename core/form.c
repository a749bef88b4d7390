#include "autoconfig-cgi/form.h"

#include "core/percent.h"

/* A percent sign that escapes nothing is a percent sign. */
static struct slice
decode(struct arena *arena, struct slice s)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	while (s.n > 0) {
		int octet = percent_octet(s);

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
