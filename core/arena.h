/*
 * core/arena.h - memory with the lifetime of a transaction.
 *
 * Everything allocated from an arena goes with arena_done() or arena_reset().
 * Allocation cannot fail: out of memory ends the process, because what was
 * not acknowledged is retried by the peer, so callers need no branch.
 *
 * Ownership: the arena owns all it hands out; nothing is freed singly.
 * Threads:   one arena belongs to one thread at a time.
 */
#ifndef HAUSPOST_CORE_ARENA_H
#define HAUSPOST_CORE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "core/slice.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* the one that is being filled */
	size_t used_bytes;	   /* handed out since the last reset */
};

#define ARENA_INIT                                                             \
	{                                                                      \
		NULL, 0                                                        \
	}

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

/* n zeroed elements; a product that overflows ends the process. */
void *arena_calloc(struct arena *arena, size_t n, size_t size);

/* A NUL-terminated copy of n octets. */
char *arena_strndup(struct arena *arena, const char *text, size_t n);
char *arena_strdup(struct arena *arena, const char *text);

/* A copy that the arena owns; NUL-terminated as well, for C interfaces. */
struct slice arena_slice(struct arena *arena, struct slice s);

char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Forgets everything but keeps one chunk for the next transaction. */
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

#endif
