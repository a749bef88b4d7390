/*
 * core/message.h - the text of one message, however large.
 *
 * Up to MESSAGE_MEMORY_MAX octets stay in memory. A larger one goes to an
 * unlinked file (O_TMPFILE) in the spool folder; of it only the begin, which
 * holds the header, stays in memory. A crash leaves nothing behind.
 *
 * Return-Path fields are left out: they are the final delivery's to write
 * (RFC 5321 4.4), so one that came along is not true.
 *
 *	message_add() …			as text arrives; errors are kept
 *	message_finish()		tells them; afterwards it is read only
 *
 * Ownership: a message owns its memory and its descriptors. message_reset()
 *            prepares for the next one, message_done() ends.
 * Threads:   one thread writes; afterwards many may read.
 * Units:     octets, lines ending in LF.
 */
#ifndef HAUSPOST_CORE_MESSAGE_H
#define HAUSPOST_CORE_MESSAGE_H

#include <stdint.h>

#include "core/buf.h"
#include "core/slice.h"
#include "core/why.h"

enum {
	/* Holds nine of ten messages; 1,000 sessions then need 256 MB. */
	MESSAGE_MEMORY_MAX = 256 * 1024,
	MESSAGE_WRITE_BYTES = 64 * 1024, /* to the spool at a time */
};

struct message {
	const char *spool;   /* folder */
	uint64_t size_max;   /* octets that are taken; more are counted only */
	uint64_t size_bytes; /* that came, without Return-Path fields */
	uint64_t line_ends;
	struct buf begin;   /* the message, or its first MESSAGE_MEMORY_MAX */
	struct buf pending; /* on their way to the spool file */
	int spool_fd;	    /* -1 while all is in memory */
	int shown_fd;	    /* message_fd()'s, or -1 */
	void *map;	    /* message_map()'s of size_bytes, or NULL */
	int error;	    /* 0, or the first -errno of writing */
};

void message_init(struct message *message, const char *spool);
void message_done(struct message *message);

/* Forgets the text; memory is kept for the next one. */
void message_reset(struct message *message, uint64_t size_max);

void message_add(struct message *message, struct slice text);

/*
 * The text is complete. MAIL_PERMFAIL when it was above size_max,
 * MAIL_TEMPFAIL when it could not be kept.
 */
enum verdict message_finish(struct message *message, struct why *why);

/* The whole text when it is in memory, else one with .p NULL. */
struct slice message_text(const struct message *message);

/* The header block, as far as the first MESSAGE_MEMORY_MAX octets hold it. */
struct slice message_header(const struct message *message);

/*
 * The whole text wherever it is, until message_reset(): a large one is mapped,
 * so that pages of it are in memory only while they are read.
 */
int message_map(
    struct message *message, struct slice *text_out, struct why *why);

/*
 * A descriptor that can only read the text, for another process: read it with
 * pread(2), others share the file offset. Stays the message's. -errno, why.
 */
int message_fd(struct message *message, struct why *why);

/*
 * A descriptor of a copy with head above it, at its beginning, for a program
 * that may do with it what it likes. The caller's. -errno, why.
 */
int message_copy(
    const struct message *message, struct slice head, struct why *why);

#endif
