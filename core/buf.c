#include "core/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256 };

static size_t
next_capacity(const struct buf *buf, size_t needed)
{
	size_t capacity = buf->capacity > 0 ? buf->capacity : BUF_FIRST;

	while (capacity < needed)
		capacity *= 2;
	return capacity;
}

int
buf_reserve(struct buf *buf, size_t n)
{
	char *grown;

	if (buf->failed || n > buf->limit || buf->n > buf->limit - n) {
		buf->failed = true;
		return -EMSGSIZE;
	}
	if (buf->n + n < buf->capacity) /* < leaves room for the NUL */
		return 0;
	buf->capacity = next_capacity(buf, buf->n + n + 1);
	grown = realloc(buf->p, buf->capacity);
	if (grown == NULL)
		abort(); /* as arenas do: the peer retries */
	buf->p = grown;
	return 0;
}

void
buf_grown(struct buf *buf, size_t n)
{
	assert(buf->n + n < buf->capacity);
	buf->n += n;
	buf->p[buf->n] = '\0';
}

int
buf_add(struct buf *buf, const void *octets, size_t n)
{
	int r = buf_reserve(buf, n);

	if (r < 0)
		return r;
	if (n > 0)
		(void)memcpy(buf->p + buf->n, octets, n);
	buf_grown(buf, n);
	return 0;
}

int
buf_add_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

int
buf_add_slice(struct buf *buf, struct slice s)
{
	return buf_add(buf, s.p, s.n);
}

int
buf_add_text(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

int
buf_addf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int n, r;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	r = n < 0 ? -EINVAL : buf_reserve(buf, (size_t)n);
	if (r < 0) {
		buf->failed = true;
		return r;
	}
	va_start(args, format);
	(void)vsnprintf(buf->p + buf->n, (size_t)n + 1, format, args);
	va_end(args);
	buf_grown(buf, (size_t)n);
	return 0;
}

void
buf_consume(struct buf *buf, size_t n)
{
	assert(n <= buf->n);
	if (n == 0)
		return;
	(void)memmove(buf->p, buf->p + n, buf->n - n);
	buf->n -= n;
	buf->p[buf->n] = '\0';
}

void
buf_reset(struct buf *buf)
{
	buf->n = 0;
	buf->failed = false;
	if (buf->p != NULL)
		buf->p[0] = '\0';
}

void
buf_free(struct buf *buf)
{
	free(buf->p);
	buf->p = NULL;
	buf->n = buf->capacity = 0;
	buf->failed = false;
}
