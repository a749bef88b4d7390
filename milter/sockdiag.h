/*
 * milter/sockdiag.h - whose process is at the other end of a loopback
 * connection. The kernel knows, 127.0.0.1 alone says nothing: shell users
 * live there.
 *
 * Asked by the whole connection, both ends. One end is not enough: a port
 * can be in use for connections to several services at once, and by several
 * users.
 *
 * Needs no rights. Threads: any.
 */
#ifndef HAUSPOST_MILTER_SOCKDIAG_H
#define HAUSPOST_MILTER_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "core/slice.h"
#include "core/why.h"

struct sockdiag_end {
	sa_family_t family; /* AF_INET, AF_INET6; AF_UNSPEC: not known */
	uint32_t addr[4];   /* network order; IPv4 uses the first */
	uint16_t port;	    /* host order */
};

/* From text as {client_addr} and {client_port} have it. */
bool sockdiag_end(
    struct slice addr, struct slice port, struct sockdiag_end *end_out);

bool sockdiag_is_loopback(const struct sockdiag_end *end);

/*
 * The uid that owns the client's end of an established connection of this
 * machine. 1 found, 0 no such connection, -errno with why.
 */
int sockdiag_uid(const struct sockdiag_end *client,
    const struct sockdiag_end *server, uid_t *uid_out, struct why *why);

#endif
