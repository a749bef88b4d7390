/*
 * autoconfig-cgi/answerer.h - one of the processes that answer, with its
 * threads and its own memory of the directory.
 *
 * A thread stays with a connection that the web server keeps, until another
 * waits and no thread is free.
 */
#ifndef HAUSPOST_AUTOCONFIG_ANSWERER_H
#define HAUSPOST_AUTOCONFIG_ANSWERER_H

#include "autoconfig-cgi/respond.h"

#define AUTOCONFIG_ROLE "hauspost_autoconfig"

/* Until SIGTERM; what is being answered then is finished. 0 or -errno. */
int answerer_run(struct service *service, int listen_fd, struct why *why);

#endif
