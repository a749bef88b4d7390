/*
 * sieve/flags.h - IMAP flags in scripts (RFC 5232).
 *
 * A variable of flags is text: the flags, separated by single blanks, each
 * once without regard to case.
 */
#ifndef HAUSPOST_SIEVE_FLAGS_H
#define HAUSPOST_SIEVE_FLAGS_H

#include "core/buf.h"
#include "sieve/run.h"

/* Flags to file with: of a :flags tag, or else the internal variable's. */
const struct slice *flags_now(
    struct run *run, const struct texts *tag, size_t *n_out);

/*
 * Appends flags that are well-formed and not there yet, as long as they fit.
 * FLOW_NEXT or RUN_FAIL.
 */
int flags_add(struct run *run, struct buf *to, struct slice text);
int flags_add_all(struct run *run, struct buf *to, const struct texts *list);

bool flags_has(struct slice text, struct slice flag);

/* The next flag in a text; false when there is none left. */
bool flags_next(struct slice *text, struct slice *flag_out);

#endif
