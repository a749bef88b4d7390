/*
 * autoconfig-cgi/serve.h - how requests come: over FastCGI, to processes that
 * answer, beside one that holds the key of profiles and one that serves
 * /metrics; or one by one.
 */
#ifndef HAUSPOST_AUTOCONFIG_SERVE_H
#define HAUSPOST_AUTOCONFIG_SERVE_H

#include "autoconfig-cgi/respond.h"

#define AUTOCONFIG_ROLE "hauspost_autoconfig"

/*
 * Answers what comes to service->listen_fd until SIGTERM; what is being
 * answered then is finished. Gives up all rights once the key is being read.
 * 0 or -errno.
 */
int serve_fastcgi(struct service *service, struct why *why);

/* Called as a CGI program: answers the one request. */
void serve_cgi(struct service *service);

#endif
