#include "core/scripts.h"

#include <errno.h>

enum { S_PLACE, S_NAME, S_TEXT, S_COLUMNS };

static const char *const place_names[] = {
	[SCRIPT_BEFORE] = "before",
	[SCRIPT_AFTER] = "after",
	[SCRIPT_INCLUDE] = "include",
	[SCRIPT_VACATION] = "vacation",
};
_Static_assert(sizeof place_names / sizeof *place_names == SCRIPT_PLACES,
    "name every place");

const char *
script_place_name(enum script_place place)
{
	return place_names[place];
}

const struct script *
scripts_find(const struct scripts *scripts, struct slice name)
{
	for (size_t i = 0; i < scripts->n; i++) {
		const struct script *script = &scripts->list[i];

		if (script->place == SCRIPT_INCLUDE &&
		    slice_eq(script->name, name))
			return script;
	}
	return NULL;
}

/* SCRIPT_PLACES: there is none of that name. */
static enum script_place
place_of(struct slice name)
{
	int place = 0;

	while (place < SCRIPT_PLACES &&
	       !slice_eq(name, slice_of(place_names[place])))
		place++;
	return (enum script_place)place;
}

static int
say_trouble(struct why *why, const char *trouble)
{
	(void)why_say(why, 451, "4.3.0", "directory trouble, try later");
	why_detail(why, "hauspost.sieve() answered %s", trouble);
	return -EPROTO;
}

int
scripts_read(struct arena *arena, const struct rows *rows,
    struct scripts *scripts_out, struct why *why)
{
	struct scripts scripts = { 0 };

	if (rows->n == 0 || rows->columns != S_COLUMNS)
		return say_trouble(why, "no rows, or other columns");
	scripts.list = arena_calloc(arena, rows->n, sizeof *scripts.list);
	for (size_t i = 0; i < rows->n; i++) {
		struct script *script = &scripts.list[scripts.n];

		script->place = place_of(rows_cell(rows, i, S_PLACE));
		script->name = rows_cell(rows, i, S_NAME);
		script->text = rows_cell(rows, i, S_TEXT);
		if (script->place == SCRIPT_PLACES)
			return say_trouble(why, "an unknown place of a script");
		scripts.n += script->text.n > 0; /* no vacation now */
	}
	*scripts_out = scripts;
	return 0;
}
