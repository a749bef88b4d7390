/*
 * lmtpd/front/worker.h - one worker process: accepts connections and gives
 * each a thread, until it is told to end.
 *
 * All workers wait on the same listening sockets. The first one (number 0)
 * also keeps house: see lmtpd/front/chores.h.
 */
#ifndef HAUSPOST_LMTPD_FRONT_WORKER_H
#define HAUSPOST_LMTPD_FRONT_WORKER_H

#include "lmtpd/front/lmtpd.h"
#include "lmtpd/front/session.h"

struct listener {
	int fd; /* -1: not used */
	enum peer peer;
};

struct worker_task {
	const struct settings *settings;
	struct shared *shared;
	struct listener listeners[PEERS]; /* one for each enum peer */
	long number;			  /* among the workers */
};

/* Serves until SIGTERM. Returns the process' exit code. */
int worker_run(const struct worker_task *task);

#endif
