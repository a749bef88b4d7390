/*
 * core/folder_name.h - what the folder of a mailbox is called in a Maildir.
 *
 * People and Sieve scripts name mailboxes as IMAP shows them, in UTF-8, levels
 * separated by dots; a slash separates as well, since Maildir could not hold
 * it anyway. Their folders are called in modified UTF-7 (RFC 3501 5.1.3).
 *
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_FOLDER_NAME_H
#define HAUSPOST_CORE_FOLDER_NAME_H

#include "core/arena.h"
#include "core/slice.h"

enum { FOLDER_NAME_MAX = 240 }; /* a file name of 255 with dot and suffixes */

/*
 * "Lists.C" of the mailbox Lists.C; empty for INBOX. 0, or -EINVAL when no
 * folder can be called that.
 */
int folder_name(
    struct arena *arena, struct slice mailbox, struct slice *folder_out);

#endif
