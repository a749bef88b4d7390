#include "cli/roster.h"

#include <string.h>

#include "cli/pickle.h"
#include "cli/roster_mailman.h"
#include "sieve/address.h"

enum { COLUMNS_MAX = 32 };

/* What all entries of a file have in common. */
struct reading {
	struct arena *arena;
	const char *key, *value; /* NULL: nothing */
	json_t *entries;
};

static void
set(json_t *entry, const char *key, struct slice value)
{
	if (value.n > 0)
		(void)json_object_set_new(
		    entry, key, json_stringn(value.p, value.n));
}

static bool
next_line(struct slice *text, struct slice *line_out)
{
	if (!slice_cut(text, '\n', line_out))
		return false;
	*line_out = slice_trim(*line_out);
	return true;
}

json_t *
roster_find(const json_t *entries, const char *address)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		const char *here =
		    json_string_value(json_object_get(entry, "address"));

		if (here != NULL && strcasecmp(here, address) == 0)
			return entry;
	}
	return NULL;
}

/* --- lines -------------------------------------------------------------- */

/* "Anna <anna@example.org>"; what is no address is told by the database. */
static void
read_line(const struct reading *reading, struct slice line)
{
	struct address address;
	json_t *entry = json_object();

	if (address_parse(reading->arena, line, &address)) {
		set(entry, "address", address.text);
		set(entry, "name", address.name);
	} else {
		set(entry, "address", line);
	}
	if (reading->key != NULL)
		set(entry, reading->key, slice_of(reading->value));
	(void)json_array_append_new(reading->entries, entry);
}

void
roster_read_lines(struct arena *arena, struct slice text, const char *key,
    const char *value, json_t *entries)
{
	const struct reading reading = { arena, key, value, entries };
	struct slice line;

	while (next_line(&text, &line)) {
		if (line.n > 0 && line.p[0] != '#')
			read_line(&reading, line);
	}
}

/* --- CSV (RFC 4180) ----------------------------------------------------- */

/* A quoted cell, its quotes undone; behind it s begins with the comma. */
static struct slice
quoted_cell(struct arena *arena, struct slice *s)
{
	char *text = arena_alloc(arena, s->n + 1);
	size_t n = 0, i = 1;

	for (; i < s->n; i++) {
		if (s->p[i] == '"') {
			if (i + 1 == s->n || s->p[i + 1] != '"')
				break;
			i++;
		}
		text[n++] = s->p[i];
	}
	*s = slice_tail(*s, i + 1);
	return (struct slice){ text, n };
}

static struct slice
next_cell(struct arena *arena, struct slice *s)
{
	struct slice cell;
	long comma;

	if (s->n > 0 && s->p[0] == '"') {
		cell = quoted_cell(arena, s);
		comma = slice_find(*s, ',');
		*s = slice_tail(*s, comma < 0 ? s->n : (size_t)comma + 1);
		return cell;
	}
	comma = slice_find(*s, ',');
	cell = slice_head(*s, comma < 0 ? s->n : (size_t)comma);
	*s = slice_tail(*s, comma < 0 ? s->n : (size_t)comma + 1);
	return slice_trim(cell);
}

static size_t
cells_of(
    struct arena *arena, struct slice line, struct slice cells[COLUMNS_MAX])
{
	size_t n = 0;

	while (line.n > 0 && n < COLUMNS_MAX)
		cells[n++] = next_cell(arena, &line);
	return n;
}

/* What we call the column that a header names; NULL: none of ours. */
static const char *
column_of(struct slice title)
{
	static const char *const columns[][2] = { { "address", "address" },
		{ "email", "address" }, { "name", "name" },
		{ "display_name", "name" }, { "mode", "mode" },
		{ "state", "state" }, { "role", "role" },
		{ "language", "language" }, { "joined", "joined" } };

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		if (slice_eq_nocase(title, slice_of(columns[i][0])))
			return columns[i][1];
	}
	return NULL;
}

static bool
is_csv_header(const struct slice *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *column = column_of(cells[i]);

		if (column != NULL && strcmp(column, "address") == 0)
			return true;
	}
	return false;
}

static void
read_row(const struct reading *reading, const struct slice *titles,
    const struct slice *cells, size_t n)
{
	json_t *entry = json_object();

	for (size_t i = 0; i < n; i++) {
		const char *column = column_of(titles[i]);

		if (column != NULL)
			set(entry, column, cells[i]);
	}
	(void)json_array_append_new(reading->entries, entry);
}

static void
read_csv(const struct reading *reading, struct slice text,
    const struct slice *titles, size_t n_titles)
{
	struct slice line, cells[COLUMNS_MAX];

	while (next_line(&text, &line)) {
		size_t n = cells_of(reading->arena, line, cells);

		if (n > 0)
			read_row(reading, titles, cells,
			    n < n_titles ? n : n_titles);
	}
}

static void
read_text(struct arena *arena, struct slice text, json_t *entries)
{
	const struct reading reading = { arena, NULL, NULL, entries };
	struct slice rest = text, line = { "", 0 }, titles[COLUMNS_MAX];
	size_t n;

	(void)next_line(&rest, &line);
	n = cells_of(arena, line, titles);
	if (is_csv_header(titles, n))
		read_csv(&reading, rest, titles, n);
	else
		roster_read_lines(arena, text, NULL, NULL, entries);
}

/* --- JSON --------------------------------------------------------------- */

static const char *
read_json(struct slice text, json_t *entries)
{
	json_t *json = json_loadb(text.p, text.n, 0, NULL), *all = json;
	json_t *one;
	size_t i;

	if (json == NULL)
		return "it begins like JSON but is none";
	if (json_is_object(json))
		all = json_object_get(json, "entries");
	json_array_foreach(all, i, one)
	{
		json_t *entry = roster_mailman_member(one);

		if (entry != NULL)
			(void)json_array_append_new(entries, entry);
	}
	json_decref(json);
	return NULL;
}

/* --- which of them ------------------------------------------------------ */

static const char *
read_pickle(struct slice octets, json_t *entries)
{
	json_t *config = pickle_read(octets);

	if (config == NULL)
		return "it begins like a pickle of Python but is none, or "
		       "holds what no list of Mailman 2 does";
	roster_mailman_config(config, entries);
	json_decref(config);
	return NULL;
}

const char *
roster_read(struct arena *arena, struct slice text, json_t *entries)
{
	struct slice front = slice_trim(slice_head(text, 64));
	size_t before = json_array_size(entries);
	const char *problem = NULL;

	if (pickle_is(text))
		problem = read_pickle(text, entries);
	else if (!slice_is_text(text))
		problem = "it is neither text (UTF-8) nor a pickle of Mailman";
	else if (front.n > 0 && (front.p[0] == '{' || front.p[0] == '['))
		problem = read_json(text, entries);
	else
		read_text(arena, text, entries);
	if (problem == NULL && json_array_size(entries) == before)
		return "nobody is in it";
	return problem;
}
