/*
 * core/endpoint.h - sockets by name: unix:/run/hauspost/lmtpd.sock or
 * inet:127.0.0.1:10025 (IPv6 in brackets: inet:[::1]:10025).
 *
 * Errors:    -errno, why filled.
 * Ownership: descriptors are the caller's, O_CLOEXEC from birth.
 */
#ifndef HAUSPOST_CORE_ENDPOINT_H
#define HAUSPOST_CORE_ENDPOINT_H

#include "core/why.h"

/*
 * Listens. A unix socket replaces a stale one of the same name, gets mode
 * 0660 and the given group ("" keeps ours): whoever may write to it may speak
 * to us. The group "*" is everybody. Where somebody else listens, and does not
 * end within a few seconds, the answer is -EADDRINUSE. Returns the descriptor
 * (non-blocking).
 */
int endpoint_listen(const char *endpoint, const char *group, struct why *why);

/*
 * Gives a unix socket that somebody else (libmilter) has bound the same mode
 * and group. Other endpoints have none.
 */
int endpoint_share(const char *endpoint, const char *group, struct why *why);

/* Connects within timeout_ms. Returns a blocking descriptor. */
int endpoint_connect(const char *endpoint, long timeout_ms, struct why *why);

/*
 * The same for SOCK_SEQPACKET, where one send is one receive; unix: only,
 * since no other family has it here.
 */
int endpoint_listen_packets(
    const char *endpoint, const char *group, struct why *why);
int endpoint_connect_packets(
    const char *endpoint, long timeout_ms, struct why *why);

#endif
