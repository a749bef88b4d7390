/*
 * fetcher/guard.h - where users may have us connect to.
 *
 * They choose host and port, so without this the fetcher would look around in
 * our own network for them. Asked with the address that a name led to, not
 * with the name: a second look-up could give another.
 *
 * Threads: const once it is open.
 */
#ifndef HAUSPOST_FETCHER_GUARD_H
#define HAUSPOST_FETCHER_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

#include "core/arena.h"
#include "core/why.h"

struct guard_range;

struct guard {
	const struct guard_range *allowed; /* exceptions */
	size_t n_allowed;
	const struct guard_range *own; /* addresses of this machine */
	size_t n_own;
	const unsigned *ports;
	size_t n_ports;
};

/*
 * networks: exceptions, as "127.0.0.1/32, fd00::/8"; ports: "110, 143, …".
 * 0, or -EINVAL with why->detail naming the word.
 */
int guard_open(struct guard *guard, const char *networks, const char *ports,
    struct arena *arena, struct why *why);

bool guard_allows_port(const struct guard *guard, unsigned port);

/* IPv4 within IPv6 is looked at as what it is. */
bool guard_allows(const struct guard *guard, const struct sockaddr *address);

#endif
