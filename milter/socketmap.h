/*
 * milter/socketmap.h - Postfix' socketmap protocol (socketmap_table(5)):
 * netstrings, "MAP KEY" in, "OK VALUE", "NOTFOUND " or "TEMP REASON" out.
 *
 * Octets in, requests out; the socket is in maps.c.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_MILTER_SOCKETMAP_H
#define HAUSPOST_MILTER_SOCKETMAP_H

#include "core/buf.h"
#include "core/slice.h"

enum {
	/* A map's name and a domain. Postfix would send up to 100,000. */
	SOCKETMAP_REQUEST_MAX = 1024,
	SOCKETMAP_FRAME_MAX = SOCKETMAP_REQUEST_MAX + 6, /* "1024:" and "," */
};

struct socketmap_request {
	struct slice map, key;
};

/*
 * The request at the front of in; *used_out octets are then done with.
 * 1, 0 when more octets are needed, -EPROTO when this never becomes one.
 */
int socketmap_read(
    struct slice in, struct socketmap_request *request_out, size_t *used_out);

enum socketmap_status { SOCKETMAP_OK, SOCKETMAP_NOTFOUND, SOCKETMAP_TEMP };

/* text: the value or the reason, "" for NOTFOUND. */
void socketmap_write(
    struct buf *out, enum socketmap_status status, struct slice text);

#endif
