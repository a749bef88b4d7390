/*
 * listmgr/extension.h - what the address of a list asks for: what stands
 * between "list+" and "@", as the resolver hands it on (also of list-command@).
 *
 *	(nothing)			a post
 *	subscribe, join			also -digest, -nomail, -user=domain
 *	unsubscribe, leave		also -user=domain
 *	confirm-TOKEN, confirm+TOKEN
 *	help, request, owner
 *	mod-TOKEN-ok, -no, -drop, -member
 *	b-N.MAC-user=domain		bounce of post N, as XVERP makes it
 *	b-TOKEN				bounce of a copy that had its own
 *	p-TOKEN, c-TOKEN		bounce of a probe, of another letter
 *	get-N, get-N_M
 *	set-digest, set-nomail, set-normal
 *
 * Upper and lower case are one. The form of a token is checked here, whether
 * it is ours only SQL knows.
 *
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_LISTMGR_EXTENSION_H
#define HAUSPOST_LISTMGR_EXTENSION_H

#include "core/arena.h"
#include "core/slice.h"

enum extension_kind {
	EXTENSION_POST,
	EXTENSION_SUBSCRIBE,
	EXTENSION_UNSUBSCRIBE,
	EXTENSION_CONFIRM,
	EXTENSION_HELP,
	EXTENSION_REQUEST,
	EXTENSION_OWNER,
	EXTENSION_MODERATE,
	EXTENSION_BOUNCE,	/* by post and address */
	EXTENSION_BOUNCE_TOKEN, /* by token */
	EXTENSION_BOUNCE_PROBE,
	EXTENSION_BOUNCE_LETTER,
	EXTENSION_GET,
	EXTENSION_SET,
	EXTENSION_KINDS
};

struct extension {
	enum extension_kind kind;
	struct slice mode;    /* SUBSCRIBE, SET: "normal", "digest", "nomail" */
	struct slice address; /* …SCRIBE, BOUNCE: user@domain; may be empty */
	struct slice token;   /* lower case */
	struct slice decision; /* MODERATE: "ok", "no", "drop", "member" */
	struct slice mac;      /* BOUNCE */
	long long first, last; /* BOUNCE (first), GET: numbers of posts */
};

enum {
	EXTENSION_TOKEN_MIN = 20, /* 100 bits: nobody guesses one */
	EXTENSION_TOKEN_MAX = 32,
	EXTENSION_MAC = 8,
};

/* 0, or -EINVAL: it is none of these. */
int extension_parse(
    struct arena *arena, struct slice text, struct extension *extension_out);

/* "post", "subscribe" … as logs spell them. */
const char *extension_name(enum extension_kind kind);

#endif
