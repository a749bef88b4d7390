/*
 * autoconfig-cgi/serve.h - the parent of all processes of a FastCGI server.
 *
 * It only watches: processes that answer, one that holds the key of profiles,
 * one that serves /metrics. One that ends is started again.
 */
#ifndef HAUSPOST_AUTOCONFIG_SERVE_H
#define HAUSPOST_AUTOCONFIG_SERVE_H

#include "autoconfig-cgi/respond.h"

/*
 * Answers what comes to the listening socket until SIGTERM; what is being
 * answered then is finished. Gives up all rights once the key is being read.
 * 0 or -errno.
 */
int serve_fastcgi(struct service *service, int listen_fd, struct why *why);

/* For the processes: returns when told to stop. 0 or -errno. */
int serve_wait_stop(struct why *why);

#endif
