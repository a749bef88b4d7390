/*
 * core/authres.h - what our own filters found out about a message
 * (Authentication-Results, RFC 8601).
 *
 * Only fields that begin with our name (authserv-id) count: the filters in
 * front of us remove those that claim it and are not theirs.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CORE_AUTHRES_H
#define HAUSPOST_CORE_AUTHRES_H

#include <stdbool.h>

#include "core/slice.h"

struct authres {
	bool seen;  /* there is such a field */
	bool dmarc; /* From is demonstrably its domain's */
	bool auth;  /* somebody of ours logged in and may write so */
	bool dkim;  /* a good signature of From's domain, or one above it */
};

/* from_domain: of the From address, lower case. */
void authres_read(struct slice header, struct slice authserv_id,
    struct slice from_domain, struct authres *authres_out);

#endif
