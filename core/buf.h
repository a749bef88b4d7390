/*
 * core/buf.h - octets that grow up to a limit they are born with.
 *
 *	struct buf line = BUF_INIT(LMTP_COMMAND_MAX);
 *
 * A hostile peer meets -EMSGSIZE instead of our memory. The error sticks: a
 * chain of additions is checked once at its end by buf_failed(). Content is
 * always NUL-terminated behind its n octets.
 *
 * Ownership: the buf owns its memory until buf_free() or AUTO_BUF's end.
 */
#ifndef HAUSPOST_CORE_BUF_H
#define HAUSPOST_CORE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/slice.h"

struct buf {
	char *p;  /* NULL while nothing was added */
	size_t n; /* octets in use */
	size_t capacity, limit;
	bool failed;
};

#define BUF_INIT(limit)                                                        \
	{                                                                      \
		NULL, 0, 0, (limit), false                                     \
	}
#define AUTO_BUF __attribute__((cleanup(buf_free)))

/* Each returns 0, or -EMSGSIZE and leaves the content as it was. */
int buf_add(struct buf *buf, const void *octets, size_t n);
int buf_add_char(struct buf *buf, char c);
int buf_add_slice(struct buf *buf, struct slice s);
int buf_add_text(struct buf *buf, const char *text);
int buf_addf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for n more octets at buf->p + buf->n; buf_grown() takes them in. */
int buf_reserve(struct buf *buf, size_t n);
void buf_grown(struct buf *buf, size_t n);

static inline bool
buf_failed(const struct buf *buf)
{
	return buf->failed;
}

static inline struct slice
buf_slice(const struct buf *buf)
{
	return (struct slice){ buf->n > 0 ? buf->p : "", buf->n };
}

/* The content as a C string, "" when nothing was added. */
static inline const char *
buf_text(const struct buf *buf)
{
	return buf->p != NULL ? buf->p : "";
}

/* Drops the first n octets, as a reader does with what it consumed. */
void buf_consume(struct buf *buf, size_t n);
void buf_reset(struct buf *buf);
void buf_free(struct buf *buf);

#endif
