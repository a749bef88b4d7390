/*
 * core/io.h - reads and writes that finish what they begin.
 *
 * Errors:  0 or -errno; EINTR is repeated, -EPIPE / -ECONNRESET mean the peer
 *          is gone, -ETIMEDOUT that it was silent for too long.
 * Units:   octets, milliseconds.
 */
#ifndef HAUSPOST_CORE_IO_H
#define HAUSPOST_CORE_IO_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* All n octets to a blocking descriptor. */
int io_write(int fd, const void *octets, size_t n);

/* All octets of count parts; parts is used up on the way. */
int io_writev(int fd, struct iovec *parts, int count);

/* Exactly n octets; -ECONNRESET when the other side ends before. */
int io_read(int fd, void *octets, size_t n);

/*
 * What a socket has, at most n octets, waiting timeout_ms for the first.
 * Returns the number (0: the peer closed) or -errno.
 */
ssize_t io_receive(int fd, void *octets, size_t n, long timeout_ms);

/* From now on recv(2) and its kin give up with EAGAIN after timeout_ms. */
void io_receive_timeout(int fd, long timeout_ms);

/* All n octets to a socket, giving up when it takes none for timeout_ms. */
int io_send(int fd, const void *octets, size_t n, long timeout_ms);

#endif
