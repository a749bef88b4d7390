/*
 * core/resolver.h - asks name servers (c-ares), one question at a time.
 *
 * Answers are text as a zone file has it, names in lower case and absolute:
 * "10 mx.example.", "0 1 993 imap.example."; TXT as one string.
 *
 * Errors:    -errno with why->detail; no such name or record is no error but
 *            no text.
 * Ownership: texts live in the arena.
 * Threads:   a resolver belongs to one thread at a time.
 */
#ifndef HAUSPOST_CORE_RESOLVER_H
#define HAUSPOST_CORE_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/why.h"

struct resolver;

enum resolver_type {
	RESOLVER_MX,
	RESOLVER_TXT,
	RESOLVER_SRV,
	RESOLVER_CNAME,
	RESOLVER_TYPES
};

struct resolver_texts {
	const char **texts;
	size_t n;
	bool no_such_name; /* NXDOMAIN: nothing of any type is there */
};

/* servers: "192.0.2.1", "[2001:db8::1]:5353,…"; NULL: the system's. */
int resolver_new(
    const char *servers, struct resolver **resolver_out, struct why *why);
void resolver_free(struct resolver *resolver);

/* The records of this type. RESOLVER_CNAME: the names it is an alias of. */
int resolver_ask(struct resolver *resolver, struct arena *arena,
    const char *name, enum resolver_type type, struct resolver_texts *texts_out,
    struct why *why);

/* Its addresses, IPv4 and IPv6. */
int resolver_addresses(struct resolver *resolver, struct arena *arena,
    const char *name, struct resolver_texts *texts_out, struct why *why);

#endif
