/*
 * core/guests.h - a thread for each connection, up to a number of them.
 *
 * Threads: guests_admit() and guests_wait() from the thread that accepts.
 */
#ifndef HAUSPOST_CORE_GUESTS_H
#define HAUSPOST_CORE_GUESTS_H

#include <stdbool.h>
#include <stddef.h>

struct guests;

struct guests_options {
	long most;	    /* at a time */
	size_t stack_bytes; /* of each thread */
	void (*serve)(void *host, int fd);
	void (*turn_away)(int fd); /* no room for this one */
	void *host;
};

struct guests *guests_new(const struct guests_options *options);

/* Takes the descriptor over. */
void guests_admit(struct guests *guests, int fd);

/* True when all have gone within timeout_ms. */
bool guests_wait(struct guests *guests, long timeout_ms);

/* After guests_wait() said true. */
void guests_free(struct guests *guests);

/*
 * Accepts connections on listen_fd until term_fd becomes readable.
 */
void guests_accept(struct guests *guests, int listen_fd, int term_fd);

#endif
