#include "autoconfig-cgi/counts.h"

#include <stdlib.h>
#include <sys/mman.h>

/* What a client makes of it, rather than each status. */
enum outcome { SETTINGS, NOTHING, UNAVAILABLE, OTHER, OUTCOMES };

static const char *const outcome_names[] = {
	[SETTINGS] = "settings",
	[NOTHING] = "nothing",
	[UNAVAILABLE] = "unavailable",
	[OTHER] = "other",
};
_Static_assert(sizeof outcome_names / sizeof *outcome_names == OUTCOMES,
    "name every outcome");

enum { METRICS = CONTRACTS * OUTCOMES };

struct counts {
	struct metric metrics[METRICS];
	struct metric *list[METRICS + 1];
};

static enum outcome
outcome_of(int status)
{
	switch (status) {
	case 200:
		return SETTINGS;
	case 404:
		return NOTHING;
	case 503:
		return UNAVAILABLE;
	default:
		return OTHER;
	}
}

static void
name_metric(struct arena *arena, struct metric *metric, int i)
{
	metric->family = "hauspost_autoconfig_answers";
	metric->help = "Answers to mail clients, by what they asked";
	metric->type = METRIC_TYPE_COUNTER;
	metric->labels = arena_printf(arena, "contract=\"%s\",answer=\"%s\"",
	    contract_name((enum contract)(i / OUTCOMES)),
	    outcome_names[i % OUTCOMES]);
}

struct counts *
counts_new(struct arena *arena)
{
	struct counts *counts = mmap(NULL, sizeof *counts,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (counts == MAP_FAILED)
		abort();
	for (int i = 0; i < METRICS; i++) {
		name_metric(arena, &counts->metrics[i], i);
		counts->list[i] = &counts->metrics[i];
	}
	return counts;
}

void
counts_add(struct counts *counts, enum contract contract, int status)
{
	if (counts != NULL)
		metrics_add(&counts->metrics[(int)contract * OUTCOMES +
					     (int)outcome_of(status)],
		    1);
}

struct metric *const *
counts_list(struct counts *counts)
{
	return counts->list;
}
