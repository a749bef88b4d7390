#include "cli/table.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

enum { TABLE_GAP = 2, TABLE_FIRST = 16 };

struct table
table_start(struct arena *arena, size_t columns)
{
	return (struct table){ .arena = arena, .columns = columns };
}

static void
grow(struct table *table)
{
	size_t capacity =
	    table->capacity > 0 ? 2 * table->capacity : TABLE_FIRST;
	struct slice *grown = arena_calloc(
	    table->arena, capacity * table->columns, sizeof *grown);

	if (table->rows > 0)
		(void)memcpy(grown, table->cells,
		    table->rows * table->columns * sizeof *grown);
	table->cells = grown;
	table->capacity = capacity;
}

void
table_add(struct table *table, const struct slice *cells)
{
	if (table->rows == table->capacity)
		grow(table);
	(void)memcpy(table->cells + table->rows * table->columns, cells,
	    table->columns * sizeof *cells);
	table->rows++;
}

size_t
table_width(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
	return n;
}

static size_t
widest(const struct table *table, size_t column)
{
	size_t most = 0;

	for (size_t row = 0; row < table->rows; row++) {
		size_t width =
		    table_width(table->cells[row * table->columns + column]);

		if (width > most)
			most = width;
	}
	return most;
}

/* How many cells of the row must be written. */
static size_t
used_cells(const struct slice *cells, size_t columns)
{
	while (columns > 0 && cells[columns - 1].n == 0)
		columns--;
	return columns;
}

static void
print_row(
    const struct slice *cells, const size_t *widths, size_t columns, FILE *out)
{
	size_t used = used_cells(cells, columns);

	for (size_t i = 0; i < used; i++) {
		say_text(out, cells[i]);
		if (i + 1 < used)
			(void)fprintf(out, "%*s",
			    (int)(widths[i] + TABLE_GAP -
				  table_width(cells[i])),
			    "");
	}
	(void)fputc('\n', out);
}

static bool
is_colourful(FILE *out)
{
	const char *term = getenv("TERM");

	return isatty(fileno(out)) && getenv("NO_COLOR") == NULL &&
	       term != NULL && strcmp(term, "dumb") != 0;
}

void
table_print(const struct table *table, FILE *out)
{
	size_t *widths =
	    arena_calloc(table->arena, table->columns, sizeof *widths);
	bool bold = table->headed && is_colourful(out);

	for (size_t i = 0; i < table->columns; i++)
		widths[i] = widest(table, i);
	for (size_t row = 0; row < table->rows; row++) {
		(void)fputs(bold && row == 0 ? "\033[1m" : "", out);
		print_row(table->cells + row * table->columns, widths,
		    table->columns, out);
		(void)fputs(bold && row == 0 ? "\033[0m" : "", out);
	}
}
