/*
 * core/scripts.h - Sieve scripts that the directory has for a mailbox beside
 * the one of its own: defaults of node and domain, and the automatic reply.
 *
 * Ownership: everything lives in the arena the rows were put into.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_SCRIPTS_H
#define HAUSPOST_CORE_SCRIPTS_H

#include <stddef.h>

#include "core/arena.h"
#include "core/rows.h"
#include "core/slice.h"
#include "core/why.h"

enum script_place {
	SCRIPT_BEFORE,	 /* the mailbox' own script */
	SCRIPT_AFTER,	 /* it, while the mail is kept */
	SCRIPT_INCLUDE,	 /* where another one includes it, by its name */
	SCRIPT_VACATION, /* when the mail was stored */
	SCRIPT_PLACES
};

struct script {
	enum script_place place;
	struct slice name, text;
};

/* In the order in which they run. */
struct scripts {
	struct script *list;
	size_t n;
};

/* "before", "after", … as SQL and the log spell them. */
const char *script_place_name(enum script_place place);

/* The script to include of that name, or NULL. */
const struct script *scripts_find(
    const struct scripts *scripts, struct slice name);

/*
 * Reads what hauspost.sieve() said: place, name, text. 0, or -EPROTO with why
 * filled when that makes no sense.
 */
int scripts_read(struct arena *arena, const struct rows *rows,
    struct scripts *scripts_out, struct why *why);

#endif
