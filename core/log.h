/*
 * core/log.h - one event, one line: an event word and key=value pairs.
 *
 *	log_event(LOG_INFO, qid, "stored",
 *	    LOG_TEXT("to", original), LOG_NUM("size", size_bytes));
 *
 * gives `stored qid=4F1A to=<…> size=4711`. Programs log, core/ explains
 * (struct why): each event is logged once, where it is decided. Values that
 * hold blanks, quotes or control characters are quoted and escaped, so data
 * never becomes a second key or a second line.
 *
 * Threads: any; a line is written with one write(2) or syslog(3).
 */
#ifndef HAUSPOST_CORE_LOG_H
#define HAUSPOST_CORE_LOG_H

#include <syslog.h>

#include "core/slice.h"
#include "core/why.h"

struct log_field {
	const char *key;   /* NULL ends the list */
	struct slice text; /* used when .p is set */
	long long number;
};

#define LOG_SLICE(k, s)                                                        \
	{                                                                      \
		.key = (k), .text = (s)                                        \
	}
#define LOG_TEXT(k, t)                                                         \
	{                                                                      \
		.key = (k), .text = slice_of((t) != NULL ? (t) : "")           \
	}
#define LOG_NUM(k, v)                                                          \
	{                                                                      \
		.key = (k), .number = (v)                                      \
	}
/* dsn, reply and detail of a struct why in one go. */
#define LOG_WHY(w)                                                             \
	LOG_TEXT("dsn", (w)->dsn), LOG_TEXT("reply", (w)->reply),              \
	    LOG_TEXT("detail", (w)->detail)

/* qid: the queue id that ties the lines of a message together, or NULL. */
#define log_event(level, qid, event, ...)                                      \
	log_fields((level), (qid), (event),                                    \
	    (const struct log_field[]){                                        \
		__VA_ARGS__ __VA_OPT__(, ){ .key = NULL } })

void log_fields(int level, const char *qid, const char *event,
    const struct log_field *fields);

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };

/* Before the first thread. Lines below level LOG_INFO need verbose. */
void log_open(const char *program, enum log_target target, bool verbose);

/* Logs why and gives exit_code back: the last line of a main() that failed. */
int log_fatal(int exit_code, const struct why *why);

#endif
