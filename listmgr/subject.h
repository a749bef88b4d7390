/*
 * listmgr/subject.h - what stands before the words of a subject: marks of
 * replies, and prefixes of lists.
 *
 * Subjects are decoded (UTF-8, one line).
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LISTMGR_SUBJECT_H
#define HAUSPOST_LISTMGR_SUBJECT_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

/*
 * Octets of the marks at the front, "Re: AW[2]: Fwd:", and of the blanks
 * behind them; *n_out counts the marks.
 */
size_t subject_marks(struct slice subject, unsigned *n_out);

/* Without marks and [prefixes]; all of it where nothing else is left. */
struct slice subject_base(struct slice subject);

/*
 * With prefix, behind the marks, of which several become one "Re:"; "%n" in
 * the prefix is number. False when the prefix is somewhere in it already,
 * whatever its number there.
 */
bool subject_add_prefix(struct arena *arena, struct slice prefix,
    unsigned long long number, struct slice *subject);

#endif
