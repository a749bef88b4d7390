/*
 * fetcher/connection.h - a decrypted stream to a POP3 or IMAP server.
 *
 * libcurl (CONNECT_ONLY) looks the name up, connects, does TLS or STARTTLS and
 * checks the certificate or its pin; then the stream is ours. libcurl's own
 * mail engines are not used: they reconnect silently, which renumbers POP3
 * messages before DELE, lose literals, and set \Seen.
 *
 * Errors:    0, or negative with trouble filled.
 * Ownership: options must live as long as the connection.
 * Threads:   one connection belongs to one thread.
 */
#ifndef HAUSPOST_FETCHER_CONNECTION_H
#define HAUSPOST_FETCHER_CONNECTION_H

#include <sys/types.h>

#include "core/buf.h"
#include "fetcher/guard.h"
#include "fetcher/trouble.h"
#include "fetcher/trust.h"

enum connection_tls { TLS_NONE, TLS_STARTTLS, TLS_IMPLICIT };

struct connection_options {
	bool imap; /* else POP3 */
	const char *host;
	unsigned port;
	enum connection_tls tls;
	const char *pins; /* NULL: the certificate counts */
	const struct trust *trust;
	const struct guard *guard;
	long connect_ms; /* until TLS is there */
	long silence_ms; /* longest wait for an octet */
	long session_ms; /* longest life */
	int stop_fd;	 /* readable: give up */
};

struct connection;

int connection_open(const struct connection_options *options,
    struct connection **connection_out, struct trouble *trouble);
void connection_close(struct connection *connection); /* NULL is fine */

/* What the server said before TLS: greeting, capabilities; lines in CRLF. */
struct slice connection_said(const struct connection *connection);

/* Address of the server, as text. */
const char *connection_peer(const struct connection *connection);

int connection_send(struct connection *connection, struct slice octets,
    struct trouble *trouble);

/*
 * What is there, at most n octets, waiting for the first. Returns how many,
 * 0 when the server has closed, negative with trouble.
 */
ssize_t connection_receive(struct connection *connection, void *octets,
    size_t n, struct trouble *trouble);

/* The same without waiting: -EAGAIN when there is nothing. */
ssize_t connection_receive_now(struct connection *connection, void *octets,
    size_t n, struct trouble *trouble);

enum connection_event {
	CONNECTION_QUIET,
	CONNECTION_READABLE,
	CONNECTION_WOKEN
};

/*
 * What comes first: octets, wake_fd becoming readable, or the end of wait_ms.
 * Ask connection_receive_now() before. Negative: we are to stop.
 */
int connection_wait(struct connection *connection, long wait_ms, int wake_fd);

/* Its life begins anew. */
void connection_extend(struct connection *connection);

#endif
