#include "fetcher/stream.h"

#include <sodium.h>

void
stream_init(struct stream *stream, struct connection *connection,
    struct trouble *trouble)
{
	stream->connection = connection;
	stream->trouble = trouble;
	stream->out = (struct buf)BUF_INIT(STREAM_OUT);
	stream->input = SLICE("");
}

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
	r = connection_send(
	    stream->connection, buf_slice(out), stream->trouble);
	if (out->n > 0)
		sodium_memzero(out->p, out->n); /* maybe a password */
	buf_reset(out);
	return r;
}

int
stream_fill(struct stream *stream)
{
	ssize_t n = connection_receive(stream->connection, stream->octets,
	    sizeof stream->octets, stream->trouble);

	if (n < 0)
		return (int)n;
	if (n == 0)
		return trouble_say(
		    stream->trouble, "CONNECT", "the server has hung up");
	stream->input = (struct slice){ stream->octets, (size_t)n };
	return 0;
}
