/*
 * fetcher/schedule.h - which accounts run when.
 *
 * The database says which are due and keeps a lease on those that run; so a
 * crash leaves nothing that looks like a run for ever. Each run is a thread.
 * Their number is bounded, and claims are made only for free places.
 *
 * While the connection that holds this node's lock is lost nothing new begins:
 * another fetcher may have taken over.
 */
#ifndef HAUSPOST_FETCHER_SCHEDULE_H
#define HAUSPOST_FETCHER_SCHEDULE_H

#include "fetcher/run.h"

/*
 * Until signal_fd is readable; then stop_runs_fd (an eventfd that the runs
 * watch) is raised, and the runs have STOP_MS to end. Returns the exit code.
 */
int schedule_run(struct fetcher *fetcher, int signal_fd, int stop_runs_fd);

#endif
