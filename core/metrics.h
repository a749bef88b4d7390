/*
 * core/metrics.h - numbers for monitoring, as OpenMetrics text on /metrics.
 *
 *	static struct metric delivered = METRIC_COUNTER(
 *	    "hauspost_deliveries", "result=\"stored\"", "Messages stored");
 *	metrics_add(&delivered, 1);
 *
 * Metrics of one family stand next to each other in the list.
 *
 * Threads: any; a value is one atomic number.
 */
#ifndef HAUSPOST_CORE_METRICS_H
#define HAUSPOST_CORE_METRICS_H

#include <stdatomic.h>

#include "core/why.h"

enum metric_type { METRIC_TYPE_COUNTER, METRIC_TYPE_GAUGE };

struct metric {
	const char *family, *labels, *help;
	enum metric_type type;
	atomic_llong value;
};

#define METRIC_COUNTER(family, labels, help)                                   \
	{                                                                      \
		family, labels, help, METRIC_TYPE_COUNTER, 0                   \
	}
#define METRIC_GAUGE(family, labels, help)                                     \
	{                                                                      \
		family, labels, help, METRIC_TYPE_GAUGE, 0                     \
	}

static inline void
metrics_add(struct metric *metric, long long n)
{
	atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

struct metrics;

/*
 * Serves the list (NULL-terminated, kept by reference) at endpoint
 * (inet:ADDRESS:PORT). "" serves nowhere. 0 or -errno.
 */
int metrics_start(const char *endpoint, struct metric *const *list,
    struct metrics **metrics_out, struct why *why);
void metrics_stop(struct metrics *metrics); /* NULL is fine */

#endif
