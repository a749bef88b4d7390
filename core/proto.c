#include "core/proto.h"

#include <assert.h>

void
proto_init(struct proto *proto)
{
	*proto = (struct proto){ PROTO_IN_LINE, BUF_INIT(PROTO_LINE_MAX) };
}

void
proto_done(struct proto *proto)
{
	buf_free(&proto->line);
}

void
proto_start_text(struct proto *proto)
{
	assert(proto->state == PROTO_IN_LINE);
	proto->state = PROTO_TEXT_BOL;
}

/* --- commands --------------------------------------------------------- */

static struct proto_event
event(enum proto_kind kind, struct slice octets)
{
	return (struct proto_event){ kind, octets };
}

static struct slice
take(struct slice *in, size_t n)
{
	struct slice front = slice_head(*in, n);

	*in = slice_tail(*in, n);
	return front;
}

static bool
is_clean(struct slice line)
{
	return slice_find(line, '\r') < 0 && slice_find(line, '\0') < 0;
}

/* A line with its LF. */
static struct proto_event
line_event(struct slice line)
{
	if (line.n > PROTO_LINE_MAX)
		return event(PROTO_LINE_LONG, line);
	if (line.n < 2 || line.p[line.n - 2] != '\r')
		return event(PROTO_LINE_BAD, line);
	line.n -= 2;
	return event(is_clean(line) ? PROTO_LINE : PROTO_LINE_BAD, line);
}

/* Keeps the begin of a line whose end has not come yet. */
static void
keep(struct proto *proto, struct slice part)
{
	if (buf_add_slice(&proto->line, part) < 0) {
		buf_reset(&proto->line);
		proto->state = PROTO_SKIPPING;
	}
}

static struct proto_event
next_line(struct proto *proto, struct slice *in)
{
	long lf = slice_find(*in, '\n');
	struct slice part = take(in, lf < 0 ? in->n : (size_t)lf + 1);
	struct proto_event whole;

	if (lf >= 0 && proto->line.n == 0)
		return line_event(part);
	keep(proto, part);
	if (lf < 0)
		return event(PROTO_NEED_MORE, part);
	if (proto->state == PROTO_SKIPPING) {
		proto->state = PROTO_IN_LINE;
		return event(PROTO_LINE_LONG, part);
	}
	whole = line_event(buf_slice(&proto->line));
	proto->line.n = 0; /* the octets stay for who looks at the event */
	return whole;
}

static struct proto_event
skip_line(struct proto *proto, struct slice *in)
{
	long lf = slice_find(*in, '\n');

	(void)take(in, lf < 0 ? in->n : (size_t)lf + 1);
	if (lf < 0)
		return event(PROTO_NEED_MORE, *in);
	proto->state = PROTO_IN_LINE;
	return event(PROTO_LINE_LONG, *in);
}

/* --- message text ----------------------------------------------------- */

/* Octets up to the next CR, which is taken as well but not shown. */
static struct proto_event
text_up_to_cr(struct proto *proto, struct slice *in)
{
	long cr = slice_find(*in, '\r');
	struct slice shown = take(in, cr < 0 ? in->n : (size_t)cr);

	proto->state = PROTO_IN_TEXT;
	if (cr >= 0) {
		(void)take(in, 1);
		proto->state = PROTO_TEXT_CR;
	}
	return event(PROTO_TEXT, shown);
}

static struct proto_event
text_behind_cr(struct proto *proto, struct slice *in)
{
	if (in->p[0] != '\n') {
		proto->state = PROTO_IN_TEXT;
		return event(PROTO_TEXT, SLICE(" "));
	}
	/* Mostly the next line is there and begins with no dot: then line
	 * end and line are one piece, since pieces are what costs. */
	if (in->n > 1 && in->p[1] != '.')
		return text_up_to_cr(proto, in);
	proto->state = PROTO_TEXT_BOL;
	return event(PROTO_TEXT, take(in, 1));
}

static struct proto_event
text_behind_dot_cr(struct proto *proto, struct slice *in)
{
	if (in->p[0] != '\n') {
		proto->state = PROTO_IN_TEXT;
		return event(PROTO_TEXT, SLICE(" "));
	}
	proto->state = PROTO_IN_LINE;
	return event(PROTO_TEXT_END, take(in, 1));
}

/* A state without text of its own: the dot that begins a line. */
static void
pass_dot(struct proto *proto, struct slice *in)
{
	if (proto->state == PROTO_TEXT_BOL && in->p[0] == '.') {
		proto->state = PROTO_TEXT_DOT;
		(void)take(in, 1);
	} else if (proto->state == PROTO_TEXT_DOT && in->p[0] == '\r') {
		proto->state = PROTO_TEXT_LAST;
		(void)take(in, 1);
	} else {
		proto->state = PROTO_IN_TEXT;
	}
}

struct proto_event
proto_next(struct proto *proto, struct slice *in)
{
	while (in->n > 0) {
		switch (proto->state) {
		case PROTO_IN_LINE:
			return next_line(proto, in);
		case PROTO_SKIPPING:
			return skip_line(proto, in);
		case PROTO_TEXT_BOL:
		case PROTO_TEXT_DOT:
			pass_dot(proto, in);
			break;
		case PROTO_TEXT_LAST:
			return text_behind_dot_cr(proto, in);
		case PROTO_TEXT_CR:
			return text_behind_cr(proto, in);
		case PROTO_IN_TEXT:
			return text_up_to_cr(proto, in);
		}
	}
	return event(PROTO_NEED_MORE, *in);
}
