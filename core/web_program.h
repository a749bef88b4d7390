/*
 * core/web_program.h - a web program from its options to its end.
 *
 * As a FastCGI server it has its own socket, one from systemd, or one as
 * standard input (spawn-fcgi, mod_fcgid). Called as a CGI program it answers
 * one request and ends.
 */
#ifndef HAUSPOST_CORE_WEB_PROGRAM_H
#define HAUSPOST_CORE_WEB_PROGRAM_H

#include "core/counts.h"
#include "core/limiter.h"
#include "core/program.h"

/* Of a program's settings. */
struct web_settings {
	const char *listen, *socket_group;
	long asks_per_minute; /* of one network */
};

/* Made before the program gives up its rights. */
struct web_server {
	int listen_fd; /* where FastCGI is spoken */
	struct limiter *limiter;
	struct counts *counts;
};

struct web_program {
	struct program program;
	program_prepare *prepare;
	struct counts_kinds counts;

	/* All with the settings that were read. */
	struct web_settings (*settings)(const void *config);
	/* FastCGI, until SIGTERM: 0, or -errno with why. */
	int (*serve)(const void *config, const struct web_server *server,
	    struct why *why);
	/* CGI: one request. */
	void (*answer)(const void *config);
};

/* All that main() does. config: the program's settings begin with it. */
int web_program_run(const struct web_program *web, int argc, char **argv,
    struct config_common *config);

#endif
