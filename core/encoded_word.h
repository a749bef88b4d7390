/*
 * core/encoded_word.h - text of people in a header field (RFC 2047).
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CORE_ENCODED_WORD_H
#define HAUSPOST_CORE_ENCODED_WORD_H

#include "core/buf.h"

/*
 * Adds the value and the end of a field whose name stands in *to already:
 * " =?utf-8?B?…?=\n", in as many lines as it takes. Encoded whatever it is,
 * so no octet of it can end the line.
 */
void encoded_word_add(struct buf *to, struct slice utf8);

#endif
