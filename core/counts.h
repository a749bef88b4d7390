/*
 * core/counts.h - how many answers of which kind a web program gave, for
 * /metrics.
 *
 * In memory that all processes share: one of them serves the numbers of all.
 *
 * Threads and processes: any.
 */
#ifndef HAUSPOST_CORE_COUNTS_H
#define HAUSPOST_CORE_COUNTS_H

#include "core/arena.h"
#include "core/metrics.h"

/* What an answer was for who asked, rather than each status. */
enum counts_outcome {
	COUNTS_OK,
	COUNTS_NOTHING,
	COUNTS_UNAVAILABLE,
	COUNTS_OTHER,
	COUNTS_OUTCOMES
};

struct counts_kinds {
	const char *family, *help;
	const char *label; /* of the kinds */
	const char *(*name)(int kind);
	int n;
	const char *outcomes[COUNTS_OUTCOMES];
};

struct counts;

/* Before fork; lives as long as the program. */
struct counts *counts_new(
    struct arena *arena, const struct counts_kinds *kinds);

/* An answer with this HTTP status went out; counts may be NULL. */
void counts_add(struct counts *counts, int kind, int status);

/* For metrics_start(). */
struct metric *const *counts_list(struct counts *counts);

#endif
