/*
 * listmgr/mail.h - one message for one address of a list, on its way to who
 * handles it.
 *
 * A handler answers for this recipient: MAIL_OK once what follows from the
 * message is on disk and committed, since Postfix then forgets it. A fault of
 * ours is MAIL_TEMPFAIL. MAIL_PERMFAIL makes Postfix send a bounce to whoever
 * the envelope says, so it is for what the milter should have refused before.
 *
 * Ownership: all of it lives until the handler returns.
 * Threads:   a handler may run in several sessions at once.
 */
#ifndef HAUSPOST_LISTMGR_MAIL_H
#define HAUSPOST_LISTMGR_MAIL_H

#include "listmgr/extension.h"
#include "listmgr/listmgr.h"

struct mail {
	struct listmgr *listmgr;
	struct arena *arena;   /* of the transaction */
	const char *queue_id;  /* for the log; NULL: none was told */
	struct slice sender;   /* of the envelope; empty: the null sender */
	struct slice original; /* the address that was written to */
	struct list list;
	struct extension extension;
	struct slice message; /* whole, lines ending in LF */
};

typedef enum verdict mail_handler(struct mail *mail, struct why *why);

/* By the kind of the extension. */
enum verdict mail_handle(struct mail *mail, struct why *why);

#endif
