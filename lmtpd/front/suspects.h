/*
 * lmtpd/front/suspects.h - which scripts ran when a worker crashed.
 *
 * Each thread notes what it runs in memory that all workers and their parent
 * share. A signal handler marks the note of the thread that crashed; the
 * parent reads it afterwards and sets those scripts aside: they are not run
 * again until they change, which makes them other ones (library.h). When no
 * note was marked, all of that worker are suspected. Otherwise one script
 * would take down worker after worker, with everybody's mail.
 *
 * Threads: any, and the parent.
 */
#ifndef HAUSPOST_LMTPD_FRONT_SUSPECTS_H
#define HAUSPOST_LMTPD_FRONT_SUSPECTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	SUSPECTS_RUNS = 4096,  /* at once; more are run without a note */
	SUSPECTS_ASIDE = 1024, /* then the one set aside first runs again */
};

struct suspect_run {
	_Atomic pid_t worker; /* 0: free */
	_Atomic uint64_t id;  /* of the scripts */
	_Atomic bool crashed; /* it was this thread */
};

/* Its memory is zero at first. */
struct suspects {
	struct suspect_run runs[SUSPECTS_RUNS];
	_Atomic uint64_t aside[SUSPECTS_ASIDE];
	_Atomic unsigned n_aside; /* ever */
};

/* In a worker, once: crashes are marked from now on. */
void suspects_watch(void);

bool suspects_is_aside(struct suspects *suspects, uint64_t id);

/* Around each run; one at a time in a thread. */
void suspects_begin(struct suspects *suspects, uint64_t id);
void suspects_end(void);

/* The parent: this worker was ended by a signal. How many were set aside. */
unsigned suspects_judge(struct suspects *suspects, pid_t worker, int signal);

#endif
