/*
 * core/fastcgi.h - a process of a FastCGI server: threads that answer.
 *
 * A thread stays with a connection that the web server keeps, until another
 * waits and no thread is free.
 */
#ifndef HAUSPOST_CORE_FASTCGI_H
#define HAUSPOST_CORE_FASTCGI_H

#include "core/web.h"
#include "core/why.h"

struct fastcgi {
	int listen_fd; /* blocking */
	long threads;
	web_answer *answer;
	void *arg;
};

/*
 * Our own socket, one from systemd, or standard input (spawn-fcgi,
 * mod_fcgid). Returns the descriptor or -errno.
 */
int fastcgi_listen(const char *listen, const char *group, struct why *why);

/* Until SIGTERM; what is being answered then is finished. 0 or -errno. */
int fastcgi_run(const struct fastcgi *fastcgi, struct why *why);

#endif
