/*
 * core/setup.h - what a mail client is told to set itself up with.
 *
 * One answer of hauspost.autoconfig(): servers, and what to log in with. SQL
 * decides all of it; nothing here asks anybody anything.
 *
 * Ownership: everything lives in the arena the rows were put into. Texts are
 *            NUL-terminated as well; an absent text has n == 0.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_SETUP_H
#define HAUSPOST_CORE_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/rows.h"
#include "core/slice.h"
#include "core/why.h"

enum setup_protocol {
	SETUP_IMAP,
	SETUP_POP3,
	SETUP_SMTP,
	SETUP_SIEVE,
	SETUP_PROTOCOLS
};

struct setup_service {
	enum setup_protocol protocol;
	struct slice host;
	unsigned port;
	bool starttls; /* else TLS from the first octet */
};

enum setup_status {
	SETUP_ABSENT,	  /* nothing is published: no domain of ours, or off */
	SETUP_UNRESOLVED, /* the address leads not to exactly one mailbox */
	SETUP_DOMAIN,	  /* no address was given */
	SETUP_MAILBOX,
	SETUP_STATES
};

struct setup {
	enum setup_status status;
	struct slice domain;
	struct slice login;   /* empty: the address itself */
	struct slice profile; /* tells addresses apart, and says no more */
	/* In the order they are to be told; none only where SETUP_ABSENT. */
	struct setup_service *services;
	size_t n;
	bool stale; /* remembered from before the directory went away */
};

/* What hauspost.autoconfig() is asked; empty where not known. */
struct setup_question {
	struct slice address;  /* as addr_text() writes it */
	struct slice host;     /* the name the client asked at */
	struct slice emailmd5; /* of EVOLUTIONUSER@… */
};

/* "mailbox", "imap", … as SQL and the log spell them. */
const char *setup_status_name(enum setup_status status);
const char *setup_protocol_name(enum setup_protocol protocol);

/* The port that implies this protocol with TLS at once: 993, 995, 465. */
unsigned setup_tls_port(enum setup_protocol protocol);

/* The first service of this kind, or NULL. */
const struct setup_service *setup_find(
    const struct setup *setup, enum setup_protocol protocol);

/*
 * Reads the rows, whose columns stand in setup.c. 0, or -EPROTO with why
 * filled when they make no sense.
 */
int setup_read(struct arena *arena, const struct rows *rows,
    struct setup *setup_out, struct why *why);

#endif
