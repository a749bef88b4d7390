#include "fetcher/stream.h"

#include <errno.h>
#include <sodium.h>

#include "core/log.h"

enum { TRACED_MAX = 200 };

void
stream_init(struct stream *stream, struct connection *connection,
    struct trouble *trouble)
{
	stream->connection = connection;
	stream->trouble = trouble;
	stream->out = (struct buf)BUF_INIT(STREAM_OUT);
	stream->input = SLICE("");
	stream->traced = stream->secret = false;
	stream->account = 0;
}

/* --- the trace -------------------------------------------------------- */

void
stream_trace(struct stream *stream, long long account)
{
	stream->traced = true;
	stream->account = account;
}

static void
trace(const struct stream *stream, const char *side, struct slice text)
{
	if (stream->secret)
		text = SLICE("***");
	log_event(LOG_INFO, NULL, "trace", LOG_NUM("account", stream->account),
	    LOG_TEXT("by", side),
	    LOG_SLICE("text", slice_head(slice_trim(text), TRACED_MAX)));
}

void
stream_heard(const struct stream *stream, struct slice text)
{
	if (stream->traced)
		trace(stream, "server", text);
}

static void
trace_sent(const struct stream *stream)
{
	struct slice lines = buf_slice(&stream->out), line;

	while (stream->traced && slice_cut(&lines, '\n', &line))
		trace(stream, "us", line);
}

/* --- octets ----------------------------------------------------------- */

void
stream_done(struct stream *stream)
{
	buf_free(&stream->out);
}

int
stream_flush(struct stream *stream)
{
	struct buf *out = &stream->out;
	int r;

	if (buf_failed(out))
		return trouble_say(
		    stream->trouble, "PROTOCOL", "command too long");
	trace_sent(stream);
	r = connection_send(
	    stream->connection, buf_slice(out), stream->trouble);
	if (out->n > 0)
		sodium_memzero(out->p, out->n); /* maybe a password */
	buf_reset(out);
	return r;
}

static int
take_in(struct stream *stream, ssize_t n)
{
	if (n < 0)
		return (int)n;
	if (n == 0)
		return trouble_say(
		    stream->trouble, "CONNECT", "the server has hung up");
	stream->input = (struct slice){ stream->octets, (size_t)n };
	return 0;
}

int
stream_fill(struct stream *stream)
{
	return take_in(
	    stream, connection_receive(stream->connection, stream->octets,
			sizeof stream->octets, stream->trouble));
}

int
stream_await(struct stream *stream, long wait_ms, int wake_fd)
{
	ssize_t n = connection_receive_now(stream->connection, stream->octets,
	    sizeof stream->octets, stream->trouble);
	int r;

	if (n != -EAGAIN) {
		r = take_in(stream, n);
		return r < 0 ? r : CONNECTION_READABLE;
	}
	r = connection_wait(stream->connection, wait_ms, wake_fd);
	if (r < 0)
		return trouble_say(
		    stream->trouble, "STOPPED", "we are to stop");
	return r;
}
