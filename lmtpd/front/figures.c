#include "lmtpd/front/figures.h"

#define RESULTS "hauspost_lmtpd_recipients"

static const struct metric blank[FIGURES] = {
	[FIGURE_DELIVERED] = METRIC_COUNTER(RESULTS, "result=\"delivered\"",
	    "Recipients by what became of them at the end of data"),
	[FIGURE_DEFERRED] = METRIC_COUNTER(RESULTS, "result=\"deferred\"", ""),
	[FIGURE_REFUSED] = METRIC_COUNTER(RESULTS, "result=\"refused\"", ""),
	[FIGURE_SENT_ON] = METRIC_COUNTER(RESULTS, "result=\"sent_on\"", ""),
	[FIGURE_REPEATED] = METRIC_COUNTER("hauspost_lmtpd_repeats", "",
	    "Deliveries that an earlier attempt had stored"),
	[FIGURE_FILTERED] = METRIC_COUNTER("hauspost_lmtpd_filtered", "",
	    "Deliveries whose scripts did more than keep the message"),
	[FIGURE_SCRIPT_TROUBLE] =
	    METRIC_COUNTER("hauspost_lmtpd_script_trouble", "",
		"What authors of scripts were told that went wrong"),
	[FIGURE_BYTES] = METRIC_COUNTER(
	    "hauspost_lmtpd_bytes", "", "Octets of message text received"),
	[FIGURE_SESSIONS] =
	    METRIC_COUNTER("hauspost_lmtpd_sessions", "", "Sessions served"),
	[FIGURE_TURNED_AWAY] = METRIC_COUNTER("hauspost_lmtpd_turned_away", "",
	    "Sessions refused because there were too many"),
	[FIGURE_WORKERS_LOST] = METRIC_COUNTER("hauspost_lmtpd_workers_lost",
	    "", "Workers that ended by themselves"),
};

void
figures_init(struct figures *figures)
{
	for (int i = 0; i < FIGURES; i++) {
		struct metric *to = &figures->metrics[i];

		to->family = blank[i].family;
		to->labels = blank[i].labels;
		to->help = blank[i].help;
		to->type = blank[i].type;
		figures->list[i] = to;
	}
}
