/*
 * lmtpd/front/world.h - what a running script asks about the world around it
 * (sieve_callbacks), for one recipient of one message.
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_WORLD_H
#define HAUSPOST_LMTPD_FRONT_WORLD_H

#include "core/scripts.h"
#include "lmtpd/front/txn.h"
#include "sieve/sieve.h"

struct world {
	struct txn *txn;
	const struct rcpt *rcpt;
	const struct scripts *scripts; /* of the directory */
	struct arena *arena;
	unsigned lookups; /* of addresses, so far */
	struct why why;	  /* when a question could not be answered */
};

/* Their context is a struct world. */
extern const struct sieve_callbacks world_callbacks;

#endif
