/*
 * milter/bulk.h - hand a message's recipients elsewhere to the bulk server: by
 * leaves of its own, which SQL signs.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_MILTER_BULK_H
#define HAUSPOST_MILTER_BULK_H

#include "milter/milter.h"
#include "milter/policy.h"

/*
 * Changes the leaves of recipients that go out as they came. What is ours
 * stays, and so does what an address of ours sends on. On any other verdict
 * than MAIL_OK nothing is changed.
 */
enum verdict bulk_move(struct milter *milter, struct arena *arena,
    const struct envelope *envelope, struct why *why);

#endif
