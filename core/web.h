/*
 * autoconfig-cgi/exchange.h - one request in, one response out.
 *
 * FastCGI and plain CGI differ in how octets come and go; from here on they
 * are the same.
 *
 * Log: a line per request with contract, status and which domain of ours it
 * was about. Never the query, the body or a part of an address.
 *
 * Threads: any; an exchange belongs to one.
 */
#ifndef HAUSPOST_AUTOCONFIG_EXCHANGE_H
#define HAUSPOST_AUTOCONFIG_EXCHANGE_H

#include <stddef.h>

#include "autoconfig-cgi/respond.h"

struct exchange {
	char *const *env; /* "NAME=value", ends in NULL */
	void *peer;
	/* Up to n octets of the body; fewer at its end only. */
	size_t (*read)(void *peer, char *octets, size_t n);
	void (*write)(void *peer, struct slice octets);
};

/* The arena may be reset afterwards. */
void exchange_run(const struct service *service, struct arena *arena,
    const struct exchange *exchange);

#endif
