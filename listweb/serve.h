/*
 * listweb/serve.h - how requests come: over FastCGI, to processes that answer,
 * beside one that reads new posts and one that serves /metrics; or one by one.
 */
#ifndef HAUSPOST_LISTWEB_SERVE_H
#define HAUSPOST_LISTWEB_SERVE_H

#include "listweb/visit.h"

/*
 * Answers what comes to service->listen_fd until SIGTERM; what is being
 * answered then is finished. 0 or -errno.
 */
int serve_fastcgi(struct service *service, struct why *why);

/* Called as a CGI program: answers the one request. */
void serve_cgi(struct service *service);

#endif
