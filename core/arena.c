#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Chunks form a list, newest first. A request that does not fit the newest
 * chunk opens another one; what is left over there is not used again, which
 * is cheap because chunks double up to CHUNK_MAX.
 */
enum { CHUNK_MIN = 4096, CHUNK_MAX = 256 * 1024 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t size, used; /* of data[] */
	alignas(max_align_t) char data[];
};

static _Noreturn void
out_of_memory(void)
{
	(void)fputs("out of memory\n", stderr);
	abort();
}

static struct arena_chunk *
chunk_open(struct arena *arena, size_t at_least)
{
	size_t size = arena->chunk != NULL ? arena->chunk->size * 2 : CHUNK_MIN;
	struct arena_chunk *chunk;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < at_least)
		size = at_least;
	chunk = malloc(sizeof *chunk + size);
	if (chunk == NULL)
		out_of_memory();
	chunk->older = arena->chunk;
	chunk->size = size;
	chunk->used = 0;
	arena->chunk = chunk;
	return chunk;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunk;
	void *memory;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + alignof(max_align_t) - 1) &
	       ~(size_t)(alignof(max_align_t) - 1);
	if (chunk == NULL || size > chunk->size - chunk->used)
		chunk = chunk_open(arena, size);
	memory = chunk->data + chunk->used;
	chunk->used += size;
	arena->used_bytes += size;
	return memset(memory, 0, size);
}

void *
arena_calloc(struct arena *arena, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		out_of_memory();
	return arena_alloc(arena, n * size);
}

char *
arena_strndup(struct arena *arena, const char *text, size_t n)
{
	char *copy = arena_alloc(arena, n + 1);

	if (n > 0)
		(void)memcpy(copy, text, n);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

struct slice
arena_slice(struct arena *arena, struct slice s)
{
	return (struct slice){ arena_strndup(arena, s.p, s.n), s.n };
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		out_of_memory(); /* only a broken format gets here */
	text = arena_alloc(arena, (size_t)n + 1);
	va_start(args, format);
	(void)vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

static void
free_older(struct arena_chunk *chunk)
{
	while (chunk != NULL) {
		struct arena_chunk *older = chunk->older;

		free(chunk);
		chunk = older;
	}
}

void
arena_reset(struct arena *arena)
{
	struct arena_chunk *keep = arena->chunk;

	arena->used_bytes = 0;
	if (keep == NULL)
		return;
	/* One huge message must not pin its memory for the next ones. */
	if (keep->size > CHUNK_MAX) {
		arena_done(arena);
		return;
	}
	free_older(keep->older);
	keep->older = NULL;
	keep->used = 0;
}

void
arena_done(struct arena *arena)
{
	free_older(arena->chunk);
	*arena = (struct arena)ARENA_INIT;
}
