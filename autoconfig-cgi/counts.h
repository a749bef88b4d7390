/*
 * autoconfig-cgi/counts.h - how many answers of which kind, for /metrics.
 *
 * In memory that all processes share: one of them serves the numbers of all.
 *
 * Threads and processes: any.
 */
#ifndef HAUSPOST_AUTOCONFIG_COUNTS_H
#define HAUSPOST_AUTOCONFIG_COUNTS_H

#include "autoconfig-cgi/request.h"
#include "core/metrics.h"

struct counts;

/* Before fork; lives as long as the program. */
struct counts *counts_new(struct arena *arena);

/* An answer with this HTTP status went out; counts may be NULL. */
void counts_add(struct counts *counts, enum contract contract, int status);

/* For metrics_start(). */
struct metric *const *counts_list(struct counts *counts);

#endif
