#include "fetcher/pop3.h"

void
pop3_init(struct pop3 *pop3)
{
	*pop3 = (struct pop3){ .line = BUF_INIT(POP3_LINE_MAX) };
}

void
pop3_done(struct pop3 *pop3)
{
	buf_free(&pop3->line);
}

static struct pop3_event
event(enum pop3_kind kind, struct slice octets)
{
	return (struct pop3_event){ kind, octets };
}

static struct pop3_event
broken(struct pop3 *pop3, struct slice *in)
{
	struct slice shown = slice_head(*in, 80);

	pop3->state = POP3_IS_BROKEN;
	*in = slice_tail(*in, in->n);
	return event(POP3_BROKEN, shown);
}

/* --- replies ---------------------------------------------------------- */

/* "+OK", "-ERR" or "+", alone or with a blank behind it. */
static bool
begins(struct slice line, struct slice word, struct slice *rest_out)
{
	if (!slice_starts_nocase(line, word) ||
	    (line.n > word.n && line.p[word.n] != ' ' &&
		line.p[word.n] != '\t'))
		return false;
	*rest_out = slice_trim(slice_tail(line, word.n));
	return true;
}

static struct pop3_event
read_reply(struct pop3 *pop3, struct slice line)
{
	struct slice rest;

	if (begins(line, SLICE("+OK"), &rest)) {
		if (pop3->has_text)
			pop3->state = POP3_TEXT_BOL;
		return event(POP3_OK, rest);
	}
	if (begins(line, SLICE("-ERR"), &rest))
		return event(POP3_ERR, rest);
	if (begins(line, SLICE("+"), &rest))
		return event(POP3_CONTINUE, rest);
	return broken(pop3, &line);
}

static struct slice
without_cr(struct slice line)
{
	return line.n > 0 && line.p[line.n - 1] == '\r'
		   ? slice_head(line, line.n - 1)
		   : line;
}

/* A line out of one piece is shown where it is, others are gathered. */
static struct pop3_event
next_reply(struct pop3 *pop3, struct slice *in)
{
	long end = slice_find(*in, '\n');
	struct slice piece = end < 0 ? *in : slice_head(*in, (size_t)end);

	/* What was gathered is shown until now. */
	if (pop3->line.n > 0 && pop3->line.p[pop3->line.n - 1] == '\n')
		buf_reset(&pop3->line);
	*in = slice_tail(*in, end < 0 ? in->n : (size_t)end + 1);
	if (buf_add_slice(&pop3->line, piece) < 0)
		return broken(pop3, &piece);
	if (end < 0)
		return event(POP3_NEED_MORE, SLICE(""));
	if (buf_add_char(&pop3->line, '\n') < 0)
		return broken(pop3, &piece);
	return read_reply(pop3,
	    without_cr(slice_head(buf_slice(&pop3->line), pop3->line.n - 1)));
}

/* --- texts ------------------------------------------------------------ */

static const struct slice line_end = { "\n", 1 };
static const struct slice blank = { " ", 1 };

/* Octets up to the next CR or LF. */
static struct pop3_event
take_run(struct pop3 *pop3, struct slice *in)
{
	long lf = slice_find(*in, '\n');
	struct slice run = lf < 0 ? *in : slice_head(*in, (size_t)lf);
	long cr = slice_find(run, '\r');

	if (cr >= 0)
		run = slice_head(run, (size_t)cr);
	*in = slice_tail(*in, run.n);
	pop3->state = POP3_IN_TEXT;
	return event(POP3_TEXT, run);
}

static struct pop3_event
in_text(struct pop3 *pop3, struct slice *in)
{
	if (in->p[0] == '\n') {
		*in = slice_tail(*in, 1);
		pop3->state = POP3_IN_TEXT;
		return event(POP3_TEXT, line_end);
	}
	if (in->p[0] != '\r')
		return take_run(pop3, in);
	*in = slice_tail(*in, 1);
	pop3->state = POP3_TEXT_CR;
	return event(POP3_TEXT, SLICE(""));
}

static struct pop3_event
at_begin(struct pop3 *pop3, struct slice *in)
{
	if (in->p[0] != '.')
		return in_text(pop3, in);
	*in = slice_tail(*in, 1);
	pop3->state = POP3_TEXT_DOT;
	return event(POP3_TEXT, SLICE(""));
}

static struct pop3_event
behind_dot(struct pop3 *pop3, struct slice *in)
{
	if (in->p[0] != '\r')
		return in_text(pop3, in); /* the dot was stuffing */
	*in = slice_tail(*in, 1);
	pop3->state = POP3_TEXT_LAST;
	return event(POP3_TEXT, SLICE(""));
}

static struct pop3_event
behind_cr(struct pop3 *pop3, struct slice *in, bool last)
{
	if (in->p[0] != '\n') {
		pop3->state = POP3_IN_TEXT; /* that CR was a stray one */
		return event(POP3_TEXT, blank);
	}
	*in = slice_tail(*in, 1);
	pop3->state = last ? POP3_IN_REPLY : POP3_TEXT_BOL;
	return last ? event(POP3_TEXT_END, SLICE(""))
		    : event(POP3_TEXT, line_end);
}

static struct pop3_event
next_text(struct pop3 *pop3, struct slice *in)
{
	switch (pop3->state) {
	case POP3_TEXT_BOL:
		return at_begin(pop3, in);
	case POP3_TEXT_DOT:
		return behind_dot(pop3, in);
	case POP3_TEXT_LAST:
		return behind_cr(pop3, in, true);
	case POP3_TEXT_CR:
		return behind_cr(pop3, in, false);
	default:
		return in_text(pop3, in);
	}
}

struct pop3_event
pop3_next(struct pop3 *pop3, struct slice *in)
{
	struct pop3_event found;

	do {
		if (pop3->state == POP3_IS_BROKEN)
			return broken(pop3, in);
		if (in->n == 0)
			return event(POP3_NEED_MORE, SLICE(""));
		found = pop3->state == POP3_IN_REPLY ? next_reply(pop3, in)
						     : next_text(pop3, in);
	} while (found.kind == POP3_TEXT && found.octets.n == 0);
	return found;
}
