/*
 * lmtpd/storer/usage.h - how full a mailbox is: Maildir++'s maildirsize.
 *
 * The file is read and written exactly as Dovecot 2.3's quota backend
 * "maildir" does, so both always mean the same number. Its first line is the
 * limit ("1000000S", "0S" for none); each further line "bytes messages" is
 * added up. It is counted anew from the names in new/ and cur/ of all folders
 * when it is missing, was made for another limit, is 5120 octets or longer,
 * makes no sense, or says "over quota" and is not a fresh count.
 *
 * The user may write what he likes into it and so cheat on his own quota, as
 * he may with any Maildir++ server; he cannot hurt anybody else by it.
 *
 * Deliveries to one mailbox that run side by side claim their octets before
 * they look (box.claimed_bytes), so together they do not pass the limit. A
 * message moves in and is added under the read side of box.counting, a count
 * takes the write side: so it is counted once. (A mail client at the same
 * moment may still disturb a count: then the file is not written.)
 *
 * Threads: any; the caller has the mailbox' identity.
 */
#ifndef HAUSPOST_LMTPD_STORER_USAGE_H
#define HAUSPOST_LMTPD_STORER_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "core/why.h"
#include "lmtpd/storer/maildir.h"

enum { USAGE_FILE_MAX = 5120 }; /* Maildir++: from there, count anew */

struct usage {
	int64_t bytes, messages;
};

/*
 * Reads the text of a maildirsize file. fresh: it was changed within the last
 * 15 minutes. False when it has to be counted anew.
 */
bool usage_parse(
    struct slice text, uint64_t limit, bool fresh, struct usage *usage_out);

/*
 * What is there now, from the file or counted (and then written). 0 or
 * -errno.
 */
int usage_read(struct box *box, struct maildir *maildir, uint64_t limit,
    struct usage *usage_out, struct why *why);

/*
 * Adds one message of that many bytes that has just moved in. The caller
 * holds box.counting for reading. When it cannot be added, the file is
 * removed: the next one counts.
 */
void usage_add(struct maildir *maildir, uint64_t bytes);

#endif
