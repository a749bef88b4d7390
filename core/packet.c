#include "core/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/scope.h"

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr header;
	char octets[CMSG_SPACE(sizeof(int))];
};

static void
attach(struct msghdr *packet, union control *control, int fd)
{
	*control = (union control){ 0 };
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = SCM_RIGHTS;
	control->header.cmsg_len = CMSG_LEN(sizeof fd);
	(void)memcpy(CMSG_DATA(&control->header), &fd, sizeof fd);
	packet->msg_control = control;
	packet->msg_controllen = sizeof *control;
}

int
packet_send(int socket, const struct iovec *parts, size_t n, int fd)
{
	struct msghdr packet = { .msg_iov = (struct iovec *)parts,
		.msg_iovlen = n };
	union control control;
	ssize_t r;

	if (fd >= 0)
		attach(&packet, &control, fd);
	do {
		r = sendmsg(socket, &packet, MSG_NOSIGNAL);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static int
take_descriptor(struct msghdr *packet)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(packet);
	int fd = -1;

	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
		(void)memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

ssize_t
packet_receive(int socket, void *octets, size_t room, int *fd_out)
{
	union control control;
	struct iovec part = { octets, room };
	struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	*fd_out = -1;
	packet.msg_control = &control;
	/* A second one would fit into CMSG_SPACE's padding; so the kernel
	 * closes it, and MSG_CTRUNC tells. */
	packet.msg_controllen = CMSG_LEN(sizeof(int));
	do {
		n = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	*fd_out = take_descriptor(&packet);
	if ((packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return n;
	(void)close_fd(fd_out);
	return -EBADMSG;
}
