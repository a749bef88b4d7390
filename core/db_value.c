#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/db_inside.h"

static const PGresult *
pg(const struct db_result *result)
{
	return (const PGresult *)result;
}

int
db_rows(const struct db_result *result)
{
	return PQntuples(pg(result));
}

const char *
db_tag(struct db_result *result)
{
	return PQcmdStatus((PGresult *)result);
}

bool
db_is_null(const struct db_result *result, int row, int column)
{
	return PQgetisnull(pg(result), row, column) == 1;
}

struct slice
db_text(const struct db_result *result, int row, int column)
{
	return (struct slice){ PQgetvalue(pg(result), row, column),
		(size_t)PQgetlength(pg(result), row, column) };
}

long long
db_number(const struct db_result *result, int row, int column)
{
	return strtoll(PQgetvalue(pg(result), row, column), NULL, 10);
}

bool
db_flag(const struct db_result *result, int row, int column)
{
	return PQgetvalue(pg(result), row, column)[0] == 't';
}

struct slice
db_octets(
    const struct db_result *result, int row, int column, struct arena *arena)
{
	size_t n = 0;
	unsigned char *plain = PQunescapeBytea(
	    (const unsigned char *)PQgetvalue(pg(result), row, column), &n);
	struct slice octets;

	if (plain == NULL)
		abort();
	octets = arena_slice(arena, (struct slice){ (const char *)plain, n });
	PQfreemem(plain);
	return octets;
}

void
db_done(struct db_result *result)
{
	PQclear((PGresult *)result);
}

/* --- arrays: {plain,"with \"quotes\"",NULL} (PostgreSQL 8.15.6) -------- */

static size_t
count_items(struct slice text)
{
	size_t n = text.n > 2 ? 1 : 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ',';
	return n; /* commas inside quotes only make it an upper bound */
}

/* Octets of the element in front, with its quotes and backslashes. */
static size_t
item_length(struct slice rest)
{
	bool quoted = rest.n > 0 && rest.p[0] == '"';
	size_t i = quoted;

	while (i < rest.n && rest.p[i] != (quoted ? '"' : ','))
		i += rest.p[i] == '\\' ? 2 : 1;
	return i + quoted;
}

/* One element off the front of *rest, unescaped into the arena. */
static struct slice
take_item(struct slice *rest, struct arena *arena)
{
	size_t length = item_length(*rest), n = 0;
	struct slice item = slice_head(*rest, length);
	char *to = arena_alloc(arena, item.n + 1);

	if (item.n > 1 && item.p[0] == '"')
		item = (struct slice){ item.p + 1, item.n - 2 };
	for (size_t i = 0; i < item.n; i++) {
		if (item.p[i] == '\\' && i + 1 < item.n)
			i++;
		to[n++] = item.p[i];
	}
	*rest = slice_tail(*rest, length + 1); /* the comma as well */
	return (struct slice){ to, n };
}

size_t
db_array(const struct db_result *result, int row, int column,
    struct arena *arena, struct slice **items_out)
{
	struct slice text = db_text(result, row, column), *items;
	size_t n = 0;

	items = arena_calloc(arena, count_items(text) + 1, sizeof *items);
	*items_out = items;
	if (text.n < 2)
		return 0;
	text = (struct slice){ text.p + 1, text.n - 2 };
	while (text.n > 0)
		items[n++] = take_item(&text, arena);
	return n;
}

static void
add_item(struct buf *to, struct slice item)
{
	if (item.p == NULL) {
		(void)buf_add_text(to, "NULL");
		return;
	}
	(void)buf_add_char(to, '"');
	while (item.n > 0) {
		size_t plain = 0;

		while (plain < item.n && item.p[plain] != '"' &&
		       item.p[plain] != '\\')
			plain++;
		(void)buf_add(to, item.p, plain);
		if (plain < item.n) {
			(void)buf_add_char(to, '\\');
			(void)buf_add_char(to, item.p[plain]);
		}
		item = slice_tail(item, plain + 1);
	}
	(void)buf_add_char(to, '"');
}

struct slice
db_array_param(struct arena *arena, const struct slice *items, size_t n)
{
	AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 2);

	(void)buf_add_char(&text, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)buf_add_char(&text, ',');
		add_item(&text, items[i]);
	}
	(void)buf_add_char(&text, '}');
	return arena_slice(arena, buf_slice(&text));
}

struct slice
db_number_param(struct arena *arena, long long number)
{
	return slice_of(arena_printf(arena, "%lld", number));
}
