/*
 * fetcher/pop3_list.h - what a POP3 mailbox holds, and what each message is
 * called.
 *
 * UIDL names them. Where a server gives no name, or one name to several, the
 * header (TOP) and the size say which is which: such a uid is what UIDL said,
 * a line end, which no server can say, and a hash.
 *
 * Errors:    0, or negative with the run's trouble filled.
 * Ownership: all lives in the run's arena.
 */
#ifndef HAUSPOST_FETCHER_POP3_LIST_H
#define HAUSPOST_FETCHER_POP3_LIST_H

#include "fetcher/pop3_session.h"

enum {
	/* Commands under way, where the server can take them. */
	POP3_WINDOW = 64,
};

struct pop3_mailbox {
	struct listing listing;
	uint32_t *numbers; /* ascending: as RETR and DELE want them */
	uint64_t *sizes;
};

int pop3_list(struct pop3_session *session, struct pop3_mailbox *mailbox);

/* How many commands may be sent before the first is answered. */
size_t pop3_window(const struct pop3_session *session);

#endif
