/*
 * lmtpd/front/store_run.h - below store.h: requests over connections.
 *
 * Jobs come with their operation and all it needs; message is NULL where that
 * is none.
 *
 * Threads: any; a talk belongs to one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_STORE_RUN_H
#define HAUSPOST_LMTPD_FRONT_STORE_RUN_H

#include "lmtpd/front/store.h"

/* All jobs, over as many connections as are free. */
void store_run(struct store *store, struct message *message,
    struct store_job *jobs, size_t n);

/*
 * One more job over the connection of a talk. Only the first may be sent a
 * second time over another one.
 */
void store_run_talk(
    struct store_talk *talk, struct message *message, struct store_job *job);

/* Gives the connection back. */
void store_run_end(struct store_talk *talk);

#endif
