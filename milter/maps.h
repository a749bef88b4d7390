/*
 * milter/maps.h - serves Postfix' domain classes by socketmap, from the same
 * memory that recipients are resolved from:
 *
 *	virtual_mailbox_domains = socketmap:unix:PATH:virtual
 *	relay_domains = socketmap:unix:PATH:relay
 *	transport_maps = ..., socketmap:unix:PATH:transport
 *
 * The last has the next hop of domains that are relayed to a certain one.
 *
 * Threads: one that accepts, one per connection.
 */
#ifndef HAUSPOST_MILTER_MAPS_H
#define HAUSPOST_MILTER_MAPS_H

#include "milter/milter.h"
#include "milter/socketmap.h"

struct maps;

/* The answer to one request. */
void maps_answer(struct milter *milter, const struct socketmap_request *request,
    struct buf *out);

/* Serves on listen_fd, which it takes over. 0 or -errno. */
int maps_start(struct milter *milter, int listen_fd, struct maps **maps_out,
    struct why *why);

/* Ends all connections and waits for their threads. NULL is fine. */
void maps_stop(struct maps *maps);

#endif
