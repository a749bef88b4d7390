/*
 * sieve/header_write.h - UTF-8 text as the value of a header field.
 *
 * What is not ASCII becomes encoded words (RFC 2047), long values are folded
 * (RFC 5322 2.2.3), line ends and other control characters become blanks: no
 * text can begin a field of its own.
 */
#ifndef HAUSPOST_SIEVE_HEADER_WRITE_H
#define HAUSPOST_SIEVE_HEADER_WRITE_H

#include "core/arena.h"
#include "core/slice.h"

/* name_n octets stand before the value on its first line. */
struct slice header_write(struct arena *arena, size_t name_n, struct slice text,
    struct slice line_end);

#endif
