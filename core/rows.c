#include "core/rows.h"

#include <assert.h>
#include <stdint.h>

/* n, columns, then each cell: length, octets, NUL. Lengths are uint32_t. */

static char *
put_number(char *to, size_t number)
{
	uint32_t n = (uint32_t)number;

	(void)memcpy(to, &n, sizeof n);
	return to + sizeof n;
}

static size_t
take_number(struct slice *rest)
{
	uint32_t n;

	assert(rest->n >= sizeof n);
	(void)memcpy(&n, rest->p, sizeof n);
	*rest = slice_tail(*rest, sizeof n);
	return n;
}

static size_t
packed_size(const struct rows *rows)
{
	size_t size = 2 * sizeof(uint32_t);

	for (size_t i = 0; i < rows->n * rows->columns; i++)
		size += sizeof(uint32_t) + rows->cells[i].n + 1;
	return size;
}

struct slice
rows_pack(struct arena *arena, const struct rows *rows)
{
	size_t size = packed_size(rows);
	char *octets = arena_alloc(arena, size), *to = octets;

	assert(size <= UINT32_MAX);
	to = put_number(to, rows->n);
	to = put_number(to, rows->columns);
	for (size_t i = 0; i < rows->n * rows->columns; i++) {
		struct slice cell = rows->cells[i];

		to = put_number(to, cell.n);
		if (cell.n > 0)
			(void)memcpy(to, cell.p, cell.n);
		to += cell.n + 1; /* the arena zeroed the NUL */
	}
	return (struct slice){ octets, size };
}

struct rows
rows_unpack(struct arena *arena, struct slice octets)
{
	struct rows rows;

	rows.n = take_number(&octets);
	rows.columns = take_number(&octets);
	rows.cells =
	    arena_calloc(arena, rows.n * rows.columns, sizeof *rows.cells);
	for (size_t i = 0; i < rows.n * rows.columns; i++) {
		size_t length = take_number(&octets);

		assert(length < octets.n);
		rows.cells[i] = slice_head(octets, length);
		octets = slice_tail(octets, length + 1);
	}
	return rows;
}
