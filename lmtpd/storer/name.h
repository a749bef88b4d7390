/*
 * lmtpd/storer/name.h - the names of files and folders in a Maildir.
 *
 * A message is <base>,S=<octets on disk>,W=<octets with CRLF>, in cur/ with
 * :2,<flags> behind (Maildir++; Dovecot takes both sizes from the name and
 * never opens the file for them, so they must be exact).
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LMTPD_STORER_NAME_H
#define HAUSPOST_LMTPD_STORER_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "lmtpd/store_record.h"

enum { NAME_SPACE = 256 }; /* NAME_MAX of Linux file systems, and NUL */

/* Texts that may become part of a path: no "/", no "..", printable ASCII. */
bool name_is_mailbox(const char *text);
bool name_is_base(const char *text);

/* What may stand before ".sieve" in ~/sieve: no "/", no controls. */
bool name_is_script(const char *text);

/* "" (INBOX), or levels of a Maildir++ folder separated by single dots. */
bool name_is_folder(const char *text);

/* A directory entry of Maildir that is a Maildir++ folder: ".Lists.C". */
bool name_is_folder_entry(const char *entry);

/* Letters in ascending order, each once, as Maildir wants them. */
bool name_is_flags(const char *text);

/* The final name; flags "" leaves the info part off. */
void name_message(const struct store_request *request, char name[NAME_SPACE]);

/* Of a file in tmp/: serial keeps two attempts apart. */
void name_temporary(
    const char *base, unsigned long serial, char name[NAME_SPACE]);

/* Whether a directory entry is the message base, whatever its flags. */
bool name_has_base(const char *entry, const char *base);

/*
 * The size in an entry's ",S=". False when there is none that Dovecot would
 * believe: then the file itself has to be asked.
 */
bool name_size(const char *entry, uint64_t *size_out);

#endif
