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
	/* door: as at guests_admit(). */
	void (*serve)(void *host, int fd, int door);
	void (*turn_away)(void *host, int fd, int door); /* there is no room */
	void *host;
};

struct guests *guests_new(const struct guests_options *options);

/*
 * Takes the descriptor over, of who came by one of the host's doors. False: he
 * was turned away.
 */
bool guests_admit(struct guests *guests, int fd, int door);

/* accept(2) failed: told, and waited for when descriptors have run out. */
void guests_accept_failed(int error);

/* True when all have gone within timeout_ms. */
bool guests_wait(struct guests *guests, long timeout_ms);

/* After guests_wait() said true. */
void guests_free(struct guests *guests);

/* Accepts connections on listen_fd, door 0, until term_fd becomes readable. */
void guests_accept(struct guests *guests, int listen_fd, int term_fd);

#endif
