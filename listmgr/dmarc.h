/*
 * listmgr/dmarc.h - what a domain wants done with mail that is not
 * demonstrably its own (RFC 9989 4.10: the record of the name itself, else
 * the tree walk).
 *
 * Answers are remembered for an hour, failures for a minute.
 *
 * Threads: any; a lookup waits for name servers.
 */
#ifndef HAUSPOST_LISTMGR_DMARC_H
#define HAUSPOST_LISTMGR_DMARC_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct dmarc;

enum dmarc_policy {
	DMARC_UNKNOWN, /* no answer: nobody can say that it is not strict */
	DMARC_NONE,    /* no record, or one that wants nothing done */
	DMARC_QUARANTINE,
	DMARC_REJECT,
	DMARC_POLICIES
};

/* servers as for resolver_new(); NULL or "" are the system's. */
struct dmarc *dmarc_new(const char *servers);
void dmarc_free(struct dmarc *dmarc);

/* domain: a lower-case A-label, as addr_domain() makes them. */
enum dmarc_policy dmarc_policy(struct dmarc *dmarc, struct slice domain);

/* "unknown", "none" … as logs spell them. */
const char *dmarc_policy_name(enum dmarc_policy policy);

static inline bool
dmarc_is_strict(enum dmarc_policy policy)
{
	return policy != DMARC_NONE;
}

#endif
