/*
 * core/cgi.h - a web program called for one request (RFC 3875).
 */
#ifndef HAUSPOST_CORE_CGI_H
#define HAUSPOST_CORE_CGI_H

#include "core/program.h"
#include "core/web.h"

/* Are we called by a web server for one request? */
bool cgi_called(void);

/*
 * program_start_with() for programs that may be: then no option is taken from
 * the arguments, and the variable HAUSPOST_CONFIG names the settings.
 */
int cgi_start(const struct program *program, program_prepare *prepare, int argc,
    char **argv, struct config_common *config, struct arena *arena);

/* Answers the one request in environment and standard input. */
void cgi_serve(web_answer *answer, void *arg);

#endif
