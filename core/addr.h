/*
 * core/addr.h - mail addresses as they travel in an envelope (RFC 5321 4.1.2).
 *
 * Text only: what an address leads to is known by hauspost.resolve() in SQL,
 * and nowhere in C.
 *
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_ADDR_H
#define HAUSPOST_CORE_ADDR_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

enum {
	ADDR_LOCAL_MAX = 64,	   /* RFC 5321 4.5.3.1.1 */
	ADDR_LEAF_LOCAL_MAX = 320, /* our own leaves carry a whole address */
	ADDR_DOMAIN_MAX = 255,	   /* RFC 5321 4.5.3.1.2 */
	ADDR_MAX = ADDR_LEAF_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX,
};

struct addr {
	struct slice local;  /* octets meant, without quotes and backslashes */
	struct slice domain; /* lower-case A-label; empty for the null sender */
};

/*
 * Reads "<local@domain>", "local@domain", "<>" or a source route
 * "<@relay:local@domain>" (whose route is ignored, RFC 5321 appendix C).
 * A U-label domain becomes its A-label (RFC 5890). The local part keeps its
 * case: only its own domain may fold it (RFC 5321 2.4).
 *
 * Returns 0, -EINVAL (syntax), -ENAMETOOLONG or -EILSEQ (control characters,
 * malformed UTF-8; 8-bit local parts need utf8 = SMTPUTF8).
 */
int addr_parse(
    struct arena *arena, struct slice text, bool utf8, struct addr *addr_out);

/* "local@domain", the local part quoted where RFC 5321 demands it. */
struct slice addr_text(struct arena *arena, const struct addr *addr);

static inline bool
addr_is_null(const struct addr *addr)
{
	return addr->domain.n == 0 && addr->local.n == 0;
}

/* What stands behind the last @; all of it where there is none. */
static inline struct slice
addr_domain_part(struct slice address)
{
	return slice_tail(address, (size_t)(slice_rfind(address, '@') + 1));
}

/* Lower-case A-label of a domain name. 0, -EINVAL or -ENAMETOOLONG. */
int addr_domain(
    struct arena *arena, struct slice text, struct slice *domain_out);

#endif
