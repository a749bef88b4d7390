/*
 * listweb/message.h - what a person reads of a message.
 *
 * The text is the plain one where there is one, else HTML without its tags; all
 * else is attached. Messages come from strangers: what is too large or too
 * deep is left out, nothing fails.
 *
 * Ownership: texts live in the arena.
 * Threads:   any.
 */
#ifndef HAUSPOST_LISTWEB_MESSAGE_H
#define HAUSPOST_LISTWEB_MESSAGE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

enum {
	MESSAGE_TEXT_MAX = 1 << 20,
	MESSAGE_FILES_MAX = 100,
};

struct message_file {
	struct slice name;    /* as its sender called it, UTF-8; may be empty */
	struct slice type;    /* "application/pdf" */
	size_t bytes;	      /* as it was sent, so roughly */
	struct slice content; /* of message_file() only */
};

struct message {
	struct slice text; /* UTF-8; lines end in LF */
	bool cut;	   /* there was more of it */
	size_t n_files;
	struct message_file files[MESSAGE_FILES_MAX];
};

void message_read(
    struct arena *arena, struct slice octets, struct message *message_out);

/* File number i (from 0) with its octets; false: there is no such file. */
bool message_file(struct arena *arena, struct slice octets,
    unsigned long long i, struct message_file *file_out);

/* X-No-Archive: yes, or Archive: no. */
bool message_is_private(struct slice octets);

#endif
