/*
 * core/rows.h - a query's rows as one run of octets, and back.
 *
 * Packed rows can be kept and copied as a whole, which a tree of pointers
 * cannot. NULL and the empty text are the same here.
 *
 * Ownership: rows look into the octets they were unpacked from. Every cell is
 *            NUL-terminated as well.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_ROWS_H
#define HAUSPOST_CORE_ROWS_H

#include "core/arena.h"
#include "core/slice.h"

struct rows {
	size_t n, columns;
	struct slice *cells; /* n * columns, row by row */
};

static inline struct slice
rows_cell(const struct rows *rows, size_t row, size_t column)
{
	return rows->cells[row * rows->columns + column];
}

struct slice rows_pack(struct arena *arena, const struct rows *rows);

/* Of what rows_pack() made; the octets must outlive the rows. */
struct rows rows_unpack(struct arena *arena, struct slice octets);

#endif
