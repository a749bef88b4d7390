/*
 * lmtpd/front/scripted.h - which mailboxes had a script of their own when we
 * last looked.
 *
 * Most have none. Their mail goes to the storer at once, which stores it
 * unless it finds a script (STORE_UNLESS_SCRIPT); only mailboxes remembered
 * here are asked for it first. So whatever this says, no script is passed by:
 * a wrong answer costs one more request.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_SCRIPTED_H
#define HAUSPOST_LMTPD_FRONT_SCRIPTED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

enum { SCRIPTED_SLOTS = 8192 }; /* of 4 octets; later mailboxes overwrite */

struct scripted {
	_Atomic uint32_t slots[SCRIPTED_SLOTS]; /* a hash; 0: nobody */
};

bool scripted_has(const struct scripted *scripted, struct slice mailbox);
void scripted_note(
    struct scripted *scripted, struct slice mailbox, bool has_script);

#endif
