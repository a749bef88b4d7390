/*
 * milter/report.h - what became of recipients, told to those who want to
 * know: the log, the trail, the owners of addresses, monitoring.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_MILTER_REPORT_H
#define HAUSPOST_MILTER_REPORT_H

#include "core/metrics.h"
#include "milter/milter.h"
#include "milter/policy.h"

/* The message that it is about. */
struct report {
	struct milter *milter;
	struct arena *arena;
	enum mail_class class;
	struct slice queue_id, message_id; /* empty: none yet */
	struct slice client, login, sender;
	struct slice package; /* of the sender, or empty */
	int64_t size_bytes;   /* negative: not known */
};

/* One recipient was refused at RCPT. */
void report_refused(const struct report *report, const struct rcpt *rcpt,
    const struct why *why);

/* MAIL was refused. */
void report_sender(const struct report *report, const struct why *why);

/* It waits for an admin, whom this tells, and the sender. */
void report_held(const struct report *report, const struct why *why);

/* It goes to the bulk server. */
void report_moved(const struct report *report);

/* The sender's owner and admin hear once a day that a limit is reached. */
void report_limit(const struct report *report, const struct why *why);

/* The message has ended: as planned, or refused as a whole. */
void report_plan(const struct report *report, const struct plan *plan);
void report_message_refused(const struct report *report,
    const struct plan *plan, const struct why *why);

/* A message that had a sender of srs_domain did not reach its recipient. */
void report_gone(struct milter *milter, struct slice srs_domain,
    struct slice recipient, struct slice reply);

/* Takes over the directory's numbers. */
void report_directory(const struct milter *milter);

extern struct metric *const report_metrics[];

#endif
