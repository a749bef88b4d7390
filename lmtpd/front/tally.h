/*
 * lmtpd/front/tally.h - one answer for what became of a message in several
 * places.
 *
 * What can come right later is tried again, as a whole: what is done is
 * marked and not repeated. Then one good place is enough, since the sender's
 * mail has arrived; only when all have refused it, it is refused.
 */
#ifndef HAUSPOST_LMTPD_FRONT_TALLY_H
#define HAUSPOST_LMTPD_FRONT_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/why.h"

struct tally {
	size_t good;
	struct why later, never; /* the first ones; verdict 0: none */
};

void tally_add(struct tally *tally, const struct why *why);

/* False, and no answer, when nothing was added. */
bool tally_say(const struct tally *tally, struct why *why_out);

#endif
