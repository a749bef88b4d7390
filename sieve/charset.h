/*
 * sieve/charset.h - octets of any charset to UTF-8.
 *
 * Scripts are UTF-8, so everything is compared as that. What cannot be
 * converted becomes U+FFFD; nothing is dropped silently.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_SIEVE_CHARSET_H
#define HAUSPOST_SIEVE_CHARSET_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/slice.h"

/* Appends to out. False: the charset is unknown, and nothing was added. */
bool charset_to_utf8(struct slice charset, struct slice text, struct buf *out);

#endif
