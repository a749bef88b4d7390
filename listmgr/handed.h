/*
 * listmgr/handed.h - a message of ours that Postfix has taken, for the trail.
 *
 * The milter, which writes these rows for all other mail, is only asked here
 * who brings the message (milter/session.h).
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LISTMGR_HANDED_H
#define HAUSPOST_LISTMGR_HANDED_H

#include "listmgr/listmgr.h"

struct handed {
	struct slice sender, recipient; /* several: empty */
	const struct smtpc_part *parts; /* Message-ID stands in one */
	size_t n_parts;
	size_t size_bytes;
	const struct why *why; /* what Postfix said */
	struct slice reason;
};

void handed_note(const struct listmgr *listmgr, struct arena *arena,
    const struct handed *handed);

#endif
