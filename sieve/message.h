/*
 * sieve/message.h - the view of a message, as the engine itself sees it.
 */
#ifndef HAUSPOST_SIEVE_MESSAGE_H
#define HAUSPOST_SIEVE_MESSAGE_H

#include "sieve/fields.h"

struct mime;

struct sieve_message {
	struct arena *arena;
	struct slice octets;
	struct fields *fields; /* NULL until somebody asks */
	struct mime *mime;     /* likewise */
};

struct fields *message_fields(struct sieve_message *message);

/* Behind the header and the empty line. */
struct slice message_body(const struct sieve_message *message);

/* "\n" or "\r\n", as the message has it. */
struct slice message_line_end(const struct sieve_message *message);

#endif
