#include "sieve/fields.h"

#include "core/header.h"
#include "sieve/encoded_word.h"

static size_t
count(struct slice octets)
{
	struct header_walk walk = header_start(octets);
	struct header_field field;
	size_t n = 0;

	while (n < SIEVE_FIELDS_MAX && header_next(&walk, &field))
		n++;
	return n;
}

struct fields *
fields_parse(struct arena *arena, struct slice octets)
{
	struct fields *fields = arena_new(arena, struct fields);
	struct header_walk walk = header_start(octets);
	struct header_field found;

	fields->arena = arena;
	fields->list = arena_calloc(arena, count(octets), sizeof(struct field));
	while (fields->n < SIEVE_FIELDS_MAX && header_next(&walk, &found)) {
		struct field *field = &fields->list[fields->n++];

		field->name = found.name;
		field->raw = found.value;
		field->whole = found.whole;
	}
	return fields;
}

struct fields *
fields_copy(struct arena *arena, const struct fields *fields)
{
	struct fields *copy = arena_new(arena, struct fields);

	copy->arena = arena;
	copy->n = fields->n;
	copy->list = arena_calloc(arena, fields->n + 1, sizeof(struct field));
	if (fields->n > 0)
		(void)memcpy(
		    copy->list, fields->list, fields->n * sizeof *fields->list);
	return copy;
}

struct slice
fields_text(struct fields *fields, size_t i)
{
	struct field *field = &fields->list[i];

	if (field->text.p == NULL)
		field->text = encoded_word_decode(fields->arena, field->raw);
	return field->text;
}

size_t
fields_find(const struct fields *fields, struct slice name, size_t from)
{
	while (from < fields->n && !field_is(&fields->list[from], name))
		from++;
	return from;
}
