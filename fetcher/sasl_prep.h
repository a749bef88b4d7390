/*
 * fetcher/sasl_prep.h - names and passwords in the one form that SCRAM hashes
 * (SASLprep, RFC 4013; RFC 5802 5.1).
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_FETCHER_SASL_PREP_H
#define HAUSPOST_FETCHER_SASL_PREP_H

#include "core/buf.h"

/*
 * Adds it to *to, which has room so that no growing leaves a copy behind. 0,
 * or -EINVAL: a character that no password may have, or not well-formed UTF-8.
 */
int sasl_prep(struct slice text, struct buf *to);

#endif
