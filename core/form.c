#include "core/form.h"

#include "core/percent.h"

/* The field's value as it was sent; .p is NULL where there is none. */
static struct slice
find(struct slice form, struct slice name, struct arena *arena)
{
	struct slice field, sent;

	while (slice_cut(&form, '&', &field)) {
		if (!slice_cut(&field, '=', &sent))
			continue;
		if (slice_eq_nocase(percent_decode(arena, sent), name))
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
	*value_out = percent_decode(arena, sent);
	return true;
}

struct slice
form_get(struct slice form, struct slice name, struct arena *arena)
{
	struct slice sent = find(form, name, arena);
	char *text = arena_strndup(arena, sent.p, sent.n);

	for (size_t i = 0; i < sent.n; i++) {
		if (text[i] == '+')
			text[i] = ' ';
	}
	return percent_decode(arena, (struct slice){ text, sent.n });
}
