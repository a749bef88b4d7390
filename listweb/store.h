/*
 * listweb/store.h - messages as the list manager has put them down.
 *
 *	ARCHIVE/LIST/N/1000/N.eml	posts
 *	ARCHIVE/LIST/held/ID.eml	what waits for a moderator
 *
 * Errors:    -errno, why filled.
 * Ownership: octets live in the arena.
 */
#ifndef HAUSPOST_LISTWEB_STORE_H
#define HAUSPOST_LISTWEB_STORE_H

#include "core/arena.h"
#include "core/why.h"

enum { STORE_MESSAGE_MAX = 64 << 20 }; /* a larger one is cut */

struct store {
	const char *archive;
	struct arena *arena;
	struct why *why;
};

int store_post(const struct store *store, long long list, long long n,
    struct slice *octets_out);
int store_held(const struct store *store, long long list, long long id,
    struct slice *octets_out);

#endif
