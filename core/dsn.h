/*
 * core/dsn.h - the words of delivery status notifications on the wire:
 * xtext, ORCPT and NOTIFY (RFC 3461 section 4).
 */
#ifndef HAUSPOST_CORE_DSN_H
#define HAUSPOST_CORE_DSN_H

#include "core/arena.h"
#include "core/slice.h"

/* RFC 3461 4: "+" and "=" and all but printable ASCII become "+XX". */
struct slice dsn_xtext(struct arena *arena, struct slice plain);

/* The plain octets again. 0, or -EINVAL for what is no xtext. */
int dsn_plain(struct arena *arena, struct slice xtext, struct slice *plain_out);

/*
 * The address in "rfc822;" xtext, or in "utf-8;" (RFC 6533). 0, or -EINVAL.
 */
int dsn_orcpt(struct arena *arena, struct slice orcpt, struct slice *addr_out);

#endif
