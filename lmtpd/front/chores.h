/*
 * lmtpd/front/chores.h - what one worker does beside delivering: it makes the
 * Maildirs of new mailboxes, so that the first login works, sends waiting
 * notices to owners, and serves /metrics.
 *
 * Threads: a thread of its own, from chores_start() to chores_stop().
 */
#ifndef HAUSPOST_LMTPD_FRONT_CHORES_H
#define HAUSPOST_LMTPD_FRONT_CHORES_H

#include "lmtpd/front/lmtpd.h"

struct chores;

/* Before lmtpd_open(), which wants the hooks. */
struct chores *chores_new(struct lmtpd *lmtpd);

/* With NULL chores: NULL hooks, and nothing happens in the others. */
const struct directory_hooks *chores_hooks(struct chores *chores);
void chores_start(struct chores *chores);
void chores_stop(struct chores *chores);

/* After lmtpd_close(), which ends the calls of the hooks. */
void chores_free(struct chores *chores);

#endif
