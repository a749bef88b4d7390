/*
 * cli/table.h - rows of text with their columns aligned.
 *
 *	struct table table = table_start(&arena, 3);
 *	table_add(&table, (struct slice[]){ a, b, c });
 *	table_print(&table, stdout);
 *
 * Widths count characters, so that UTF-8 lines up; the last column and empty
 * ends of rows are not padded. Control characters come out as '?'.
 *
 * Ownership: cells are the caller's until table_print().
 */
#ifndef HAUSPOST_CLI_TABLE_H
#define HAUSPOST_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/slice.h"

struct table {
	struct arena *arena;
	size_t columns, rows, capacity;
	struct slice *cells;
	bool headed; /* the first row is titles: bold on a terminal */
};

struct table table_start(struct arena *arena, size_t columns);
void table_add(struct table *table, const struct slice *cells);
void table_print(const struct table *table, FILE *out);

/* Characters of text; what is no UTF-8 counts an octet as one. */
size_t table_width(struct slice text);

#endif
