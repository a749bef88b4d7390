/*
 * sieve/mark.h - keys under which a run is remembered.
 *
 * Short and file-safe whatever they were made of: digests of their parts.
 */
#ifndef HAUSPOST_SIEVE_MARK_H
#define HAUSPOST_SIEVE_MARK_H

#include "sieve/run.h"

enum { MARK_PARTS_MAX = 8 };

/* A key that differs when any of the n parts does. */
struct slice mark_key(struct run *run, const struct slice *parts, size_t n);

#endif
