/*
 * lmtpd/runner/child.h - what happens between fork and exec: the child
 * becomes the user for good, keeps nothing of ours, and verifies it.
 */
#ifndef HAUSPOST_LMTPD_RUNNER_CHILD_H
#define HAUSPOST_LMTPD_RUNNER_CHILD_H

#include "lmtpd/run_record.h"
#include "lmtpd/runner/owner.h"

struct order {
	const struct owner *owner;
	const struct run_request *request;
	int message_fd; /* becomes standard input; -1: empty */
	int output_fd;	/* becomes standard output and error */
	int report_fd;	/* an errno is written here when nothing began */
};

/* In a forked child of a process with one thread. */
_Noreturn void child_run(const struct order *order);

#endif
