/*
 * fetcher/message.h - one message between the remote server and lmtpd.
 *
 * Lines end in LF. The first MESSAGE_MEMORY_MAX octets, in which the header
 * is, stay in memory; the rest goes to a file without a name.
 *
 * Threads: one message belongs to one thread at a time.
 */
#ifndef HAUSPOST_FETCHER_MESSAGE_H
#define HAUSPOST_FETCHER_MESSAGE_H

#include <sodium.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/smtpc.h"

enum {
	MESSAGE_MEMORY_MAX = 256 * 1024,
	MESSAGE_HASH = crypto_hash_sha256_BYTES,
	MESSAGE_PARTS = 3,
	MESSAGE_HOPS_MAX = 50, /* Received fields, as Postfix' hopcount_limit */
	MESSAGE_ROUNDS_MAX = 3, /* times that a fetcher of ours had it */
};

struct message {
	const char *spool; /* folder */
	struct buf begin;
	int fd; /* -1 while all is in memory */
	uint64_t size_bytes;
	int error;    /* -errno of the first write that failed */
	bool held_cr; /* at the end of the last raw piece */
	bool has_id;  /* a Message-ID; known once it is finished */
	crypto_hash_sha256_state sha256;
};

void message_init(struct message *message, const char *spool);
void message_done(struct message *message);

void message_add(struct message *message, struct slice octets);

/* The same for octets as they are on the wire: CRLF becomes LF. */
void message_add_raw(struct message *message, struct slice octets);

/* The sender that the other provider noted; "" (of bounces) if none. */
struct slice message_sender(const struct message *message, struct arena *arena);

/* It goes round in circles. */
bool message_loops(const struct message *message);

/*
 * Renames Authentication-Results fields that claim to be node's own: what
 * filters here believe has been written here (RFC 8601 5).
 */
void message_disown(struct message *message, struct slice node);

/*
 * Its end. The hash is what tells it apart from all others: Message-ID, Date,
 * From and size of its body, since these outlive a move to another server and
 * another hop; without a Message-ID all of it.
 */
void message_finish(struct message *message, unsigned char hash[MESSAGE_HASH]);

/* What goes out: head first. Returns how many. */
size_t message_parts(const struct message *message, struct slice head,
    struct smtpc_part parts[MESSAGE_PARTS]);

#endif
