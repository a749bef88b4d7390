/*
 * lmtpd/storer/sievelog.h - tell the author of a Sieve script what went wrong
 * with it, in ~/.dovecot.sieve.log, where clients of ManageSieve look.
 *
 * The file is the user's own, so it is written as the user and only when it
 * is a plain file in the home. It never grows beyond SIEVELOG_MAX: a full one
 * becomes .dovecot.sieve.log.0, in place of the one before.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_STORER_SIEVELOG_H
#define HAUSPOST_LMTPD_STORER_SIEVELOG_H

#include "core/slice.h"

enum { SIEVELOG_MAX = 64 * 1024 }; /* some hundred lines */

/* Appends a line, which ends in LF. 0 or -errno. */
int sievelog_add(int home_fd, struct slice line);

#endif
