/*
 * fetcher/imap_name.h - names of folders in modified UTF-7 (RFC 3501 5.1.3),
 * as IMAP without UTF8=ACCEPT and Maildir++ have them.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_FETCHER_IMAP_NAME_H
#define HAUSPOST_FETCHER_IMAP_NAME_H

#include "core/arena.h"
#include "core/buf.h"

/* Of well-formed UTF-8. */
struct slice imap_name_encode(struct arena *arena, struct slice utf8);

/* What is no modified UTF-7 comes out as it is. */
struct slice imap_name_decode(struct arena *arena, struct slice name);

/*
 * Where a folder of another server comes to stand in a Maildir, as
 * XHAUSPOST-FOLDER has it: levels separated by dots. A dot in a name, which
 * would be one more level, becomes a hyphen. delimiter: that of the server.
 */
struct slice imap_name_place(
    struct arena *arena, struct slice utf8, char delimiter);

/* "…" with its quotes and backslashes escaped. */
struct slice imap_name_quote(struct arena *arena, struct slice name);
void imap_name_add_quoted(struct buf *to, struct slice name);

#endif
