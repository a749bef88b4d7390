/*
 * sieve/mailbox_name.h - what may be the name of a mailbox (RFC 5228 4.1).
 *
 * UTF-8 without control characters. Where a name leads is for the caller to
 * decide; that it has no ".." is not for the engine to promise.
 */
#ifndef HAUSPOST_SIEVE_MAILBOX_NAME_H
#define HAUSPOST_SIEVE_MAILBOX_NAME_H

#include "sieve/compile.h"

enum { MAILBOX_NAME_MAX = 1000 };

bool mailbox_name_ok(struct slice name);

/* The same for a name that is known when the script is compiled. */
bool mailbox_name_check(struct compiler *compiler, const struct text *name);

/* RFC 8580 3: the tags of a store need ":fcc" in vacation and notify. */
bool mailbox_fcc_check(struct compiler *compiler, const struct node *node);

#endif
