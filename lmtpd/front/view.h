/*
 * lmtpd/front/view.h - a message with our fields above it as one run of
 * octets, which is what Sieve looks at.
 *
 * A small message is copied. A large one stays in its spool file: that is
 * mapped right behind a page that ends in our fields.
 *
 * Ownership: view_close() follows each view_open(); octets live until then, in
 *            the arena or in the map.
 * Threads:   one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_VIEW_H
#define HAUSPOST_LMTPD_FRONT_VIEW_H

#include "core/arena.h"
#include "core/message.h"

struct view {
	struct slice octets;
	size_t head; /* of them ours, at the front */
	void *map;   /* NULL: none */
	size_t map_size;
};

/* 0, or -errno with why. */
int view_open(struct view *view, struct arena *arena, struct slice head,
    struct message *message, struct why *why);
void view_close(struct view *view);

/* Whether a slice of the view lies in our fields. */
static inline bool
view_is_head(const struct view *view, struct slice part)
{
	return part.n > 0 && part.p >= view->octets.p &&
	       part.p < view->octets.p + view->head;
}

#endif
