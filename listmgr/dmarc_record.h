/*
 * listmgr/dmarc_record.h - one DMARC record (RFC 9989 4.7), as text.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LISTMGR_DMARC_RECORD_H
#define HAUSPOST_LISTMGR_DMARC_RECORD_H

#include <stdbool.h>

#include "core/slice.h"
#include "listmgr/dmarc.h"

enum dmarc_psd { DMARC_PSD_UNSAID, DMARC_PSD_NO, DMARC_PSD_YES };

struct dmarc_record {
	/* For the name itself, for names below it, for those that do not
	 * exist; DMARC_UNKNOWN where the record does not say. */
	enum dmarc_policy own, below, absent;
	enum dmarc_psd psd; /* a public suffix publishes it */
	bool testing;	    /* wants the policy that is one step milder */
};

/* False: text is no DMARC record. A policy that nobody knows is none. */
bool dmarc_record_read(struct slice text, struct dmarc_record *record_out);

/* What it wants for the name itself, or for one below it. */
enum dmarc_policy dmarc_record_own(const struct dmarc_record *record);
enum dmarc_policy dmarc_record_below(
    const struct dmarc_record *record, bool exists);

#endif
