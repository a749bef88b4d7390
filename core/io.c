#include "core/io.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int
io_write(int fd, const void *octets, size_t n)
{
	const char *p = octets;

	while (n > 0) {
		ssize_t r = write(fd, p, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* Forgets the first n octets of the parts. */
static void
skip(struct iovec **parts, int *count, size_t n)
{
	while (*count > 0 && n >= (*parts)->iov_len) {
		n -= (*parts)->iov_len;
		(*parts)++;
		(*count)--;
	}
	if (*count > 0) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + n;
		(*parts)->iov_len -= n;
	}
}

int
io_writev(int fd, struct iovec *parts, int count)
{
	skip(&parts, &count, 0);
	while (count > 0) {
		ssize_t r = writev(fd, parts, count);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		skip(&parts, &count, (size_t)r);
	}
	return 0;
}

int
io_read(int fd, void *octets, size_t n)
{
	char *p = octets;

	while (n > 0) {
		ssize_t r = read(fd, p, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -ECONNRESET;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static int
wait_for(int fd, short events, long timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int r = poll(&p, 1, (int)timeout_ms);

		if (r > 0)
			return 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

ssize_t
io_receive(int fd, void *octets, size_t n, long timeout_ms)
{
	for (;;) {
		/* Most often the octets are there: ask before waiting. */
		ssize_t r = recv(fd, octets, n, MSG_DONTWAIT);
		int waited;

		if (r >= 0)
			return r;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		waited = wait_for(fd, POLLIN, timeout_ms);
		if (waited < 0)
			return waited;
	}
}

void
io_receive_timeout(int fd, long timeout_ms)
{
	const struct timeval limit = { .tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000 };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

int
io_send(int fd, const void *octets, size_t n, long timeout_ms)
{
	const char *p = octets;

	while (n > 0) {
		ssize_t r = send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		int waited;

		if (r >= 0) {
			p += r;
			n -= (size_t)r;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		waited = wait_for(fd, POLLOUT, timeout_ms);
		if (waited < 0)
			return waited;
	}
	return 0;
}
