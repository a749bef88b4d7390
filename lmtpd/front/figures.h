/*
 * lmtpd/front/figures.h - what /metrics shows, counted by all workers in the
 * memory they share, served by one of them.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_FIGURES_H
#define HAUSPOST_LMTPD_FRONT_FIGURES_H

#include "core/metrics.h"

enum figure {
	FIGURE_DELIVERED,
	FIGURE_DEFERRED,
	FIGURE_REFUSED,
	FIGURE_SENT_ON,
	FIGURE_REPEATED,       /* an earlier attempt had stored it */
	FIGURE_FILTERED,       /* by scripts that did more than keep it */
	FIGURE_SCRIPT_TROUBLE, /* told to the scripts' authors */
	FIGURE_BYTES,
	FIGURE_SESSIONS,
	FIGURE_TURNED_AWAY,
	FIGURE_WORKERS_LOST,
	FIGURES
};

struct figures {
	struct metric metrics[FIGURES];
	struct metric *list[FIGURES + 1]; /* as metrics_start() takes it */
};

void figures_init(struct figures *figures);

static inline void
figures_add(struct figures *figures, enum figure figure, long long n)
{
	metrics_add(&figures->metrics[figure], n);
}

#endif
