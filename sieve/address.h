/*
 * sieve/address.h - the addresses of a header field (RFC 5322 3.4).
 *
 * Walks groups, comments, quoted local parts, routes and the other obsolete
 * forms of RFC 5322 4.4. What cannot be read is given back as it stands, and
 * the walk goes on behind the next comma.
 */
#ifndef HAUSPOST_SIEVE_ADDRESS_H
#define HAUSPOST_SIEVE_ADDRESS_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

enum { ADDRESS_LIST_MAX = 10000 };

struct address {
	struct slice name;   /* decoded display name, or empty */
	struct slice local;  /* without quotes */
	struct slice domain; /* empty when there is none */
	struct slice text;   /* local@domain, or what could not be read */
	bool valid;
};

struct address_walk {
	struct slice rest;
	struct arena *arena;
	unsigned n;
};

/* value may be folded; encoded words are decoded in names only. */
struct address_walk address_start(struct arena *arena, struct slice value);

bool address_next(struct address_walk *walk, struct address *address_out);

/* Exactly one address, perhaps with a name; false for anything else. */
bool address_parse(
    struct arena *arena, struct slice text, struct address *address_out);

/*
 * Of an envelope: "local@domain" with or without "<>"; both parts are empty
 * for the null sender. Never fails, what has no "@" is all local part.
 */
struct address address_of_envelope(struct slice text);

/*
 * RFC 5233: the part of local before and behind the first separator. False
 * when there is no separator, so that there is no detail at all.
 */
bool address_detail(struct slice local, char separator, struct slice *user_out,
    struct slice *detail_out);

#endif
