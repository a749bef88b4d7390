/*
 * listmgr/shelf.h - messages of lists as files, by number:
 * ARCHIVE/LIST/N/1000/N.eml for posts, ARCHIVE/LIST/held/N.eml for held mail.
 *
 * What shelf_put() says is there survives a power cut, so a row that names it
 * may be committed. A file without a row, left by a crash, is written over.
 *
 * Errors:    0 or -errno with why (4xx).
 * Threads:   any; no two put the same number at once.
 */
#ifndef HAUSPOST_LISTMGR_SHELF_H
#define HAUSPOST_LISTMGR_SHELF_H

#include <stdint.h>

#include "listmgr/list.h"

struct shelf_place {
	long long list; /* list.id */
	long long n;
	bool held;
};

int shelf_put(const struct lists *lists, const struct shelf_place *place,
    struct slice message, struct why *why);

/* A descriptor to read it, and its size. */
int shelf_open(const struct lists *lists, const struct shelf_place *place,
    uint64_t *size_out, struct why *why);

/* Fine where there is none. */
int shelf_remove(const struct lists *lists, const struct shelf_place *place,
    struct why *why);

#endif
