/*
 * lmtpd/front/run.h - ask hauspost-runner to run a user's program or to read
 * his file, and say what its end means to the sender.
 *
 * A request has a connection of its own: starting a program costs far more
 * than that, and to hang up is how a program is ended.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_FRONT_RUN_H
#define HAUSPOST_LMTPD_FRONT_RUN_H

#include "core/arena.h"
#include "core/slice.h"
#include "core/why.h"
#include "lmtpd/run_record.h"

struct run {
	/* Filled by the caller: op, index, texts. */
	struct run_request request;
	int message_fd; /* -1: none */

	struct run_answer answer; /* when run_ask() returned 0 … */
	struct slice output;	  /* … the file, or what was printed */
};

/*
 * 0 and the answer, or -errno with why (451): the runner is away, or said
 * nothing until deadline_ms (clock_ms()). Output lives in the arena.
 */
int run_ask(struct arena *arena, const char *endpoint, long deadline_ms,
    struct run *run, struct why *why);

/*
 * What the end of a program means: done, try again, or refused, with its first
 * line of output as the reason. What is nobody's wish (a signal, no such
 * program, no time) is tried again.
 */
enum verdict run_say(
    const struct run_answer *answer, struct slice output, struct why *why);

#endif
