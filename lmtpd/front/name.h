/*
 * lmtpd/front/name.h - the name under which a delivery is known for ever.
 *
 *	1764000000.k3qz7…24 characters….h01.hosting.example
 *
 * It is the file's name in the Maildir (the storer adds sizes and flags) and
 * the key in table delivered. Every retry has the same name, so the storer
 * finds what an attempt whose 250 was lost has stored. The time comes first,
 * because Dovecot numbers new mail in the order of the names. The digest is
 * keyed: nobody who knows a queue id can foretell it.
 *
 * Threads: any, after name_seed().
 */
#ifndef HAUSPOST_LMTPD_FRONT_NAME_H
#define HAUSPOST_LMTPD_FRONT_NAME_H

#include <time.h>

#include "core/arena.h"
#include "core/slice.h"

struct name_source {
	time_t arrival;
	struct slice id; /* queue id, delivery key, or name_unique_id() */
	struct slice original, leaf;
};

struct slice name_make(struct arena *arena, struct slice secret,
    struct slice node, const struct name_source *from);

/*
 * For mail without queue id and key: an id that no other delivery has, made of
 * what name_seed() took from the kernel once in each process, and a counter.
 */
void name_seed(void);
struct slice name_unique_id(struct arena *arena);

#endif
