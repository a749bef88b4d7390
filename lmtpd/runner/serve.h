/*
 * lmtpd/runner/serve.h - connections, programs and their ends in one loop.
 *
 * One thread, so that fork() is safe; nothing in the loop waits for a program
 * or a peer. Only the directory is asked in between, within its time limit.
 *
 * A job is a connection: IDLE until its request comes, RUNNING while the
 * program does, ENDING after SIGTERM (time over, or the front hung up), when
 * SIGKILL follows KILL_AFTER_MS later.
 */
#ifndef HAUSPOST_LMTPD_RUNNER_SERVE_H
#define HAUSPOST_LMTPD_RUNNER_SERVE_H

#include "core/config.h"
#include "core/db.h"

struct runner_config {
	struct config_common common;
	const char *listen, *socket_group;
	long programs, package_programs; /* at once */
	long time_limit_ms;
};

struct runner {
	const struct runner_config *config;
	struct db_pool *pool;
	int listener;
	int stop_fd; /* readable: end, and the programs with us */
};

/* Serves until stop_fd is readable, then ends what runs. */
void serve(const struct runner *runner);

#endif
