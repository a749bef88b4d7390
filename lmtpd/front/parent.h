/*
 * lmtpd/front/parent.h - the process that starts the workers, replaces those
 * that die, and ends them all on SIGTERM. It has no threads and touches no
 * mail.
 */
#ifndef HAUSPOST_LMTPD_FRONT_PARENT_H
#define HAUSPOST_LMTPD_FRONT_PARENT_H

#include "lmtpd/front/worker.h"

/* Returns the exit code of the program; in a worker it does not return. */
int parent_run(const struct worker_task *task);

#endif
