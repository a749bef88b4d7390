/*
 * lmtpd/storer/request.h - a record from the socket, checked before use.
 *
 * The front is less trusted than we are: every size, every name is looked at
 * here, once, so that the rest may believe them.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LMTPD_STORER_REQUEST_H
#define HAUSPOST_LMTPD_STORER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/slice.h"
#include "core/why.h"
#include "lmtpd/store_record.h"

/* One packet as it arrives; the octets are head, then message. */
struct packet {
	struct store_request record;
	char octets[STORE_HEAD_MAX + STORE_INLINE_MAX];
};

/*
 * Says whether the packet of packet_size octets is a request we serve.
 * has_fd: a descriptor came with it. Returns 0, or -EINVAL with why->detail
 * naming the field.
 */
int request_check(const struct packet *packet, size_t packet_size, bool has_fd,
    struct why *why);

/* The parts of a checked packet. The message is empty when in a descriptor. */
struct slice request_head(const struct packet *packet);
struct slice request_message(const struct packet *packet);

#endif
