/*
 * core/processes.h - a parent that watches the processes which do the work.
 *
 * One that ends by itself is logged and started again. All end with their
 * parent, however that ends.
 *
 * Threads: the parent has none.
 */
#ifndef HAUSPOST_CORE_PROCESSES_H
#define HAUSPOST_CORE_PROCESSES_H

#include "core/why.h"

/* What a process does; 0 when it was told to stop, else -errno. */
typedef int process_work(void *arg, struct why *why);

struct processes;

struct processes *processes_new(void);

/* Starts one. 0 or -errno. */
int processes_add(struct processes *processes, process_work *work, void *arg,
    struct why *why);

/* Until SIGTERM or SIGINT. 0 or -errno. */
int processes_watch(struct processes *processes, struct why *why);

/* Tells all to stop and waits for them, the last one first. */
void processes_stop(struct processes *processes);
void processes_free(struct processes *processes);

/* For the processes: returns when told to stop. 0 or -errno. */
int processes_wait_stop(struct why *why);

#endif
