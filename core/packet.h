/*
 * core/packet.h - records over a SOCK_SEQPACKET Unix socket, whole or not at
 * all, with or without a descriptor.
 *
 * How the programs on one machine that have different rights talk: fixed
 * records, and files handed over open (SCM_RIGHTS, unix(7)).
 *
 * Errors:  -errno; EINTR is repeated. -EAGAIN where the socket does not block
 *          or has waited its SO_RCVTIMEO.
 * Threads: none of its own; one thread at a time reads a socket.
 */
#ifndef HAUSPOST_CORE_PACKET_H
#define HAUSPOST_CORE_PACKET_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Sends the parts as one packet, with a copy of fd unless that is -1. */
int packet_send(int socket, const struct iovec *parts, size_t n, int fd);

/*
 * The next packet into the room at octets. Returns its size, 0 when the peer
 * has closed; *fd_out is the descriptor that came with it, the caller's from
 * now on, or -1. -EBADMSG: larger than the room, or more than one descriptor;
 * it is gone, what came with it closed, and the next one can be read.
 */
ssize_t packet_receive(int socket, void *octets, size_t room, int *fd_out);

#endif
