/*
 * fetcher/stream.h - commands out, octets in, between a connection and one of
 * the two codecs.
 *
 * Errors: 0, or negative with trouble filled.
 */
#ifndef HAUSPOST_FETCHER_STREAM_H
#define HAUSPOST_FETCHER_STREAM_H

#include "fetcher/connection.h"

enum { STREAM_IN = 64 * 1024, STREAM_OUT = 64 * 1024 };

struct stream {
	struct connection *connection;
	struct trouble *trouble;
	struct buf out;	     /* commands that are not sent yet */
	struct slice input;  /* octets that no codec has seen yet */
	bool traced, secret; /* all is logged; but for what is secret now */
	long long account;   /* whose log it is */
	char octets[STREAM_IN];
};

void stream_init(struct stream *stream, struct connection *connection,
    struct trouble *trouble);

/* What is said from now on is logged for this account, without messages. */
void stream_trace(struct stream *stream, long long account);

/* Logs what the server said, as a codec understood it. */
void stream_heard(const struct stream *stream, struct slice text);
void stream_done(struct stream *stream);

/* Sends what stands in out. */
int stream_flush(struct stream *stream);

/* Waits for more input, once the codec has used up what there was. */
int stream_fill(struct stream *stream);

/*
 * The same for at most wait_ms, or until wake_fd is readable: what came first,
 * as connection_wait() has it; negative: trouble.
 */
int stream_await(struct stream *stream, long wait_ms, int wake_fd);

#endif
