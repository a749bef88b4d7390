/*
 * lmtpd/front/report.h - tell what became of each recipient: one log line,
 * one row of the trail, the figures for /metrics.
 */
#ifndef HAUSPOST_LMTPD_FRONT_REPORT_H
#define HAUSPOST_LMTPD_FRONT_REPORT_H

#include "lmtpd/front/txn.h"

/* Every recipient has its result, which took took_ms. */
void report(const struct txn *txn, long took_ms);

#endif
