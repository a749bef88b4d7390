/*
 * listmgr/line.h - a stranger's words as one line of text.
 *
 * For SQL, logs and letters: well-formed UTF-8, no control characters, and no
 * longer than asked for.
 *
 * Ownership: the result lives in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_LINE_H
#define HAUSPOST_LISTMGR_LINE_H

#include "core/arena.h"
#include "core/slice.h"

/* Control characters and line ends become blanks; max in octets. */
struct slice line_clean(struct arena *arena, struct slice text, size_t max);

#endif
