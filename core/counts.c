#include "core/counts.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { KINDS_MAX = 64 };

struct counts {
	struct metric metrics[KINDS_MAX * COUNTS_OUTCOMES];
	struct metric *list[KINDS_MAX * COUNTS_OUTCOMES + 1];
};

static enum counts_outcome
outcome_of(int status)
{
	switch (status) {
	case 200:
		return COUNTS_OK;
	case 404:
		return COUNTS_NOTHING;
	case 503:
		return COUNTS_UNAVAILABLE;
	default:
		return COUNTS_OTHER;
	}
}

static void
name_metric(struct arena *arena, const struct counts_kinds *kinds,
    struct metric *metric, int i)
{
	metric->family = kinds->family;
	metric->help = kinds->help;
	metric->type = METRIC_TYPE_COUNTER;
	metric->labels = arena_printf(arena, "%s=\"%s\",answer=\"%s\"",
	    kinds->label, kinds->name(i / COUNTS_OUTCOMES),
	    kinds->outcomes[i % COUNTS_OUTCOMES]);
}

struct counts *
counts_new(struct arena *arena, const struct counts_kinds *kinds)
{
	struct counts *counts = mmap(NULL, sizeof *counts,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (counts == MAP_FAILED || kinds->n > KINDS_MAX)
		abort();
	for (int i = 0; i < kinds->n * COUNTS_OUTCOMES; i++) {
		name_metric(arena, kinds, &counts->metrics[i], i);
		counts->list[i] = &counts->metrics[i];
	}
	return counts;
}

void
counts_add(struct counts *counts, int kind, int status)
{
	if (counts != NULL)
		metrics_add(&counts->metrics[kind * COUNTS_OUTCOMES +
					     (int)outcome_of(status)],
		    1);
}

struct metric *const *
counts_list(struct counts *counts)
{
	return counts->list;
}
