/*
 * core/forward_file.h - what a user wrote into ~/.forward, or an owner into
 * an :include: file: recipients, separated by commas or line ends.
 *
 *	anna@example.org, \fred		an address; the mailbox itself
 *	"|/usr/bin/procmail -t"		a program, quoted where it has blanks
 *	# a line like this is a comment
 *
 * Ownership: entries point into the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_FORWARD_FILE_H
#define HAUSPOST_CORE_FORWARD_FILE_H

#include <sys/types.h>

#include "core/arena.h"
#include "core/slice.h"

enum { FORWARD_ENTRIES_MAX = 1000 }; /* an include file's members */

enum forward_kind {
	FORWARD_ADDRESS,     /* text: as written, to be parsed as an address */
	FORWARD_SELF,	     /* \name: deliver here, without forwarding again */
	FORWARD_PROGRAM,     /* text: what follows the | */
	FORWARD_UNSUPPORTED, /* /file, :include: inside, a bare backslash */
};

struct forward_entry {
	enum forward_kind kind;
	struct slice text;
};

/*
 * The number of entries, or -E2BIG when there are more than
 * FORWARD_ENTRIES_MAX: half a list would be worse than none.
 */
ssize_t forward_file_parse(
    struct arena *arena, struct slice text, struct forward_entry **entries_out);

#endif
