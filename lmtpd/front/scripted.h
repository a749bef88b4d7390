/*
 * lmtpd/front/scripted.h - the active script of each mailbox when we last
 * looked.
 *
 * Mail is filtered by it without asking the storer, which stores the message
 * only while it is still the active one (STORE_IF_SCRIPT). So whatever this
 * says, no script is passed by: a wrong answer costs more requests. Of a
 * mailbox that is not remembered we say that it has none, as most have.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_SCRIPTED_H
#define HAUSPOST_LMTPD_FRONT_SCRIPTED_H

#include <pthread.h>

#include "core/slice.h"
#include "lmtpd/store_record.h"

enum { SCRIPTED_SLOTS = 8192 }; /* later mailboxes overwrite */

struct scripted {
	pthread_mutex_t lock; /* for what follows */
	struct scripted_slot {
		uint64_t mailbox; /* its hash */
		struct store_script script;
	} slots[SCRIPTED_SLOTS];
};

void scripted_init(struct scripted *scripted);
void scripted_done(struct scripted *scripted);

struct store_script scripted_last(
    struct scripted *scripted, struct slice mailbox);
void scripted_note(struct scripted *scripted, struct slice mailbox,
    const struct store_script *script);

#endif
