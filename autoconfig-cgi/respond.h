/*
 * autoconfig-cgi/respond.h - from a request to a response.
 *
 * Clients try several places and take the first that answers with 200. So 200
 * is only ever said with settings in it, 404 sends a client on, and 503 lets
 * it use another of its places. What leads nowhere gets the same 404, octet
 * for octet, whether it exists or not.
 *
 * Ownership: texts live in the arena.
 * Threads:   any.
 */
#ifndef HAUSPOST_AUTOCONFIG_RESPOND_H
#define HAUSPOST_AUTOCONFIG_RESPOND_H

#include "autoconfig-cgi/config.h"
#include "autoconfig-cgi/request.h"
#include "autoconfig-cgi/sign.h"
#include "core/counts.h"
#include "core/limiter.h"
#include "core/web.h"

/* What all requests share. */
struct service {
	const struct autoconfig_config *config;
	int listen_fd; /* where FastCGI is spoken, or -1 */
	struct directory *directory;
	/* Answers tell which addresses have a mailbox. A network that asks too
	 * often is told no more, but not turned away: it gets what is true of
	 * the whole domain, which works as well (login by address), and which
	 * Microsoft's cloud needs that asks for many from few networks. */
	struct limiter *limiter; /* may be NULL */
	struct signer *signer;	 /* of a CGI program; may be NULL */
	struct notary *notary;	 /* of a server; NULL: signer signs */
	struct counts *counts;	 /* may be NULL */
};

struct response {
	struct web_response web;
	struct slice domain; /* which of ours it is about, for the log */
};

/* status: what request_read() said. why is filled where status gets 503. */
void respond(const struct service *service, struct arena *arena,
    const struct request *request, int status, struct response *response_out,
    struct why *why);

#endif
