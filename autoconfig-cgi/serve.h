/*
 * autoconfig-cgi/serve.h - where requests come from: FastCGI or plain CGI.
 *
 * FastCGI: a parent that only watches, and processes that answer, each with
 * its threads and its own memory of the directory. A process that ends is
 * started again. A thread stays with a connection that the web server keeps,
 * until another waits.
 */
#ifndef HAUSPOST_AUTOCONFIG_SERVE_H
#define HAUSPOST_AUTOCONFIG_SERVE_H

#include "autoconfig-cgi/respond.h"

/*
 * Answers what comes to the listening socket until SIGTERM; what is being
 * answered then is finished. Called when rights are given up. 0 or -errno.
 */
int serve_fastcgi(struct service *service, int listen_fd, struct why *why);

/* Are we called by a web server for one request (RFC 3875)? */
bool serve_is_cgi(void);

/* Answers the one request in environment and standard input. */
void serve_cgi(struct service *service);

#endif
