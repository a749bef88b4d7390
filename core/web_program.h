/*
 * core/web_program.h - a web program from its options to its end.
 *
 * As a FastCGI server it has its own socket, one from systemd, or one as
 * standard input (spawn-fcgi, mod_fcgid). Called as a CGI program it answers
 * one request and ends.
 */
#ifndef HAUSPOST_CORE_WEB_PROGRAM_H
#define HAUSPOST_CORE_WEB_PROGRAM_H

#include "core/program.h"

struct web_program {
	struct program program;
	program_prepare *prepare;
	/* Both with the settings that were read; a code of sysexits(3). */
	int (*serve)(const void *config, struct arena *arena); /* FastCGI */
	int (*answer)(const void *config);		       /* CGI */
};

/* All that main() does. config: the program's settings begin with it. */
int web_program_run(const struct web_program *web, int argc, char **argv,
    struct config_common *config);

#endif
