/*
 * listmgr/said.h - what a person wrote by hand into a mail to a list's
 * addresses: a command to LIST-request@, a moderator's reason.
 *
 * Ownership: results live in the arena; they are UTF-8.
 * Threads:   any.
 */
#ifndef HAUSPOST_LISTMGR_SAID_H
#define HAUSPOST_LISTMGR_SAID_H

#include "core/arena.h"
#include "core/slice.h"

enum {
	SAID_MESSAGE_MAX = 128 * 1024, /* of a longer one, its begin */
	SAID_REASON_MAX = 2000,
};

/* The first plain text of a message; empty where it has none. */
struct slice said_text(struct arena *arena, struct slice message);

enum said_command {
	SAID_NOTHING,
	SAID_SUBSCRIBE,
	SAID_UNSUBSCRIBE,
	SAID_HELP,
	SAID_END,
};

/*
 * As Majordomo took them: the subject, or the first line that is not empty,
 * is this word. Nothing else is read, least of all an address.
 */
enum said_command said_command(struct slice subject, struct slice text);

/* What stands above quoted text and signature, without blanks around. */
struct slice said_reason(struct slice text);

#endif
