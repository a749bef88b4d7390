/*
 * lmtpd/front/program.h - give a message to a user's program, or have one of
 * his files read, by way of hauspost-runner.
 *
 * A program that took the message is marked in the ledger under the
 * delivery's name, so that a retry does not run it again; a crash before the
 * mark does. Programs of one message run one after the other and share one
 * limit of time, within which the peer waits for our answer.
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_PROGRAM_H
#define HAUSPOST_LMTPD_FRONT_PROGRAM_H

#include "lmtpd/front/heading.h"
#include "lmtpd/front/run.h"
#include "lmtpd/front/txn.h"

struct programs {
	struct txn *txn;
	const struct heading *heading;
	long deadline_ms; /* clock_ms() */
};

/* Carries out PLAN_PROGRAM; the result is in rcpt->why. */
void program_deliver(const struct programs *programs, struct rcpt *rcpt);

/* Runs run->request.op (and index) with the message. The owner is told when
 * nothing could be run. */
enum verdict program_run(const struct programs *programs,
    const struct rcpt *rcpt, struct run *run, struct why *why);

/* Asks for the file that run->request.op names: 0 and run's answer, or
 * -errno with why. */
int program_read(const struct programs *programs, const struct rcpt *rcpt,
    struct run *run, struct why *why);

#endif
