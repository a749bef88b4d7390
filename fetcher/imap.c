#include "fetcher/imap.h"

void
imap_init(struct imap *imap, uint64_t literal_max)
{
	*imap = (struct imap){ .token = BUF_INIT(IMAP_TOKEN_MAX),
		.literal_max = literal_max };
}

void
imap_done(struct imap *imap)
{
	buf_free(&imap->token);
}

static const struct imap_event none = { .kind = IMAP_NEED_MORE };

static struct imap_event
event(enum imap_kind kind, struct slice text)
{
	return (struct imap_event){ .kind = kind, .text = text };
}

static struct imap_event
broken(struct imap *imap, struct slice shown)
{
	imap->state = IMAP_IS_BROKEN;
	return event(IMAP_BROKEN, slice_head(shown, 80));
}

/* The token that was gathered; its octets are good until the next event. */
static struct imap_event
whole_token(struct imap *imap, enum imap_kind kind)
{
	imap->shown = true;
	return event(kind, buf_slice(&imap->token));
}

static bool
gather(struct imap *imap, struct slice octets)
{
	if (imap->shown)
		buf_reset(&imap->token);
	imap->shown = false;
	return buf_add_slice(&imap->token, octets) == 0;
}

static void
start_token(struct imap *imap)
{
	buf_reset(&imap->token);
	imap->shown = false;
}

static void
skip(struct slice *in, size_t n)
{
	*in = slice_tail(*in, n);
}

/* --- lines that are wanted whole -------------------------------------- */

static struct slice
next_word(struct slice *rest)
{
	struct slice word = SLICE("");

	(void)slice_cut(rest, ' ', &word);
	return word;
}

static bool
is_status(struct slice word)
{
	static const struct slice words[] = { { "OK", 2 }, { "NO", 2 },
		{ "BAD", 3 }, { "BYE", 3 }, { "PREAUTH", 7 } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (slice_eq_nocase(word, words[i]))
			return true;
	}
	return false;
}

static struct imap_event
read_line(struct imap *imap)
{
	struct slice line = slice_trim(buf_slice(&imap->token)), rest = line;
	struct slice tag = next_word(&rest);
	struct slice word = next_word(&rest);

	imap->shown = true;
	imap->state = IMAP_AT_BEGIN;
	if (slice_eq(tag, SLICE("+")))
		return event(IMAP_CONTINUE, slice_trim(slice_tail(line, 1)));
	if (tag.n == 0 || !is_status(word))
		return broken(imap, line);
	return (struct imap_event){ IMAP_STATUS, rest, tag, word };
}

static struct imap_event
in_line(struct imap *imap, struct slice *in)
{
	long end = slice_find(*in, '\n');
	struct slice piece = end < 0 ? *in : slice_head(*in, (size_t)end);

	if (!gather(imap, piece))
		return broken(imap, piece);
	skip(in, end < 0 ? in->n : (size_t)end + 1);
	return end < 0 ? none : read_line(imap);
}

/* "* EXISTS" or "* 5 FETCH (": tokens from here on. */
static struct imap_event
start_tokens(struct imap *imap, struct slice word)
{
	imap->state = IMAP_BETWEEN;
	imap->depth = 0;
	imap->body = false;
	imap->shown = true;
	return event(IMAP_ATOM, word);
}

/* Until the word behind "* " is there, nobody knows what it will be. */
static struct imap_event
at_begin(struct imap *imap, struct slice *in)
{
	char c = in->p[0];
	struct slice got, word;

	if (imap->shown)
		start_token(imap);
	got = buf_slice(&imap->token);
	word = slice_trim(slice_tail(got, 1));
	if (word.n > 0 && (c == ' ' || c == '\r' || c == '\n')) {
		if (!is_status(word))
			return start_tokens(imap, word);
		imap->state = IMAP_IN_LINE;
		return none;
	}
	if ((got.n == 0 && c != '*') || c == '\n') {
		imap->state = IMAP_IN_LINE;
		return none;
	}
	if (!gather(imap, slice_head(*in, 1)))
		return broken(imap, got);
	skip(in, 1);
	return none;
}

/* --- tokens ----------------------------------------------------------- */

/* RFC 3501 9: what ends an atom; inside brackets only the bracket does. */
static size_t
atom_length(struct imap *imap, struct slice in)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '\r' || c == '\n')
			return i;
		if (imap->in_brackets) {
			imap->in_brackets = c != ']';
			continue;
		}
		if (c == ' ' || c == '(' || c == ')' || c == '"' || c == '{')
			return i;
		imap->in_brackets = c == '[';
	}
	return in.n;
}

static struct imap_event
end_atom(struct imap *imap)
{
	struct slice atom = buf_slice(&imap->token);

	imap->state = IMAP_BETWEEN;
	imap->in_brackets = false;
	if (slice_eq_nocase(atom, SLICE("NIL"))) {
		imap->body = false;
		return whole_token(imap, IMAP_NIL);
	}
	imap->body = slice_starts_nocase(atom, SLICE("BODY["));
	return whole_token(imap, IMAP_ATOM);
}

static struct imap_event
in_atom(struct imap *imap, struct slice *in)
{
	size_t n = atom_length(imap, *in);

	if (!gather(imap, slice_head(*in, n)))
		return broken(imap, *in);
	skip(in, n);
	return in->n > 0 ? end_atom(imap) : none;
}

static struct imap_event
open_or_close(struct imap *imap, char c)
{
	if (c == '(' && ++imap->depth > IMAP_DEPTH_MAX)
		return broken(imap, SLICE("too many parentheses"));
	if (c == ')' && imap->depth-- == 0)
		return broken(imap, SLICE("stray parenthesis"));
	return event(c == '(' ? IMAP_OPEN : IMAP_CLOSE, SLICE(""));
}

static struct imap_event
end_response(struct imap *imap)
{
	if (imap->depth > 0)
		return broken(imap, SLICE("unclosed parenthesis"));
	imap->state = IMAP_AT_BEGIN;
	start_token(imap);
	return event(IMAP_END, SLICE(""));
}

static struct imap_event
between(struct imap *imap, struct slice *in)
{
	char c = in->p[0];

	if (c != ' ' && c != '\r' && c != '\n' && c != '(' && c != ')' &&
	    c != '"' && c != '{' && c != '~') {
		start_token(imap);
		imap->state = IMAP_IN_ATOM;
		return none;
	}
	skip(in, 1);
	if (c == '\n')
		return end_response(imap);
	if (c == '(' || c == ')')
		return open_or_close(imap, c);
	if (c == '"' || c == '{') {
		start_token(imap);
		imap->literal = 0;
		imap->state = c == '"' ? IMAP_IN_QUOTED : IMAP_IN_COUNT;
	}
	return none; /* the ~ of ~{5} says nothing that matters here */
}

/* --- strings ---------------------------------------------------------- */

static struct imap_event
end_string(struct imap *imap)
{
	bool body = imap->body;

	imap->body = false;
	imap->state = IMAP_BETWEEN;
	return body ? event(IMAP_BODY_END, SLICE(""))
		    : whole_token(imap, IMAP_STRING);
}

/* Octets of a string: an event of their own in a message. */
static struct imap_event
string_octets(struct imap *imap, struct slice octets)
{
	if (imap->body && octets.n > 0)
		return event(IMAP_BODY, octets);
	if (!imap->body && !gather(imap, octets))
		return broken(imap, SLICE("string too long"));
	return none;
}

/* Octets of a quoted string before the next that means something. */
static size_t
plain_length(struct slice in)
{
	size_t n = 0;

	while (n < in.n && in.p[n] != '"' && in.p[n] != '\\' &&
	       in.p[n] != '\n' && in.p[n] != '\r')
		n++;
	return n;
}

static struct imap_event
in_quoted(struct imap *imap, struct slice *in)
{
	struct slice octets = slice_head(*in, plain_length(*in));
	char c = in->p[0];

	if (octets.n == 0)
		octets = slice_head(*in, 1);
	skip(in, octets.n);
	if (c == '\n' || c == '\r')
		return broken(imap, SLICE("unclosed quote"));
	if (c == '"')
		return end_string(imap);
	if (c != '\\')
		return string_octets(imap, octets);
	imap->state = IMAP_IN_ESCAPE;
	return none;
}

static struct imap_event
in_escape(struct imap *imap, struct slice *in)
{
	struct slice octet = slice_head(*in, 1);

	imap->state = IMAP_IN_QUOTED;
	skip(in, 1);
	return string_octets(imap, octet);
}

/* "{12}", "{12+}" */
static struct imap_event
in_count(struct imap *imap, struct slice *in)
{
	char c = in->p[0];

	skip(in, 1);
	if (c == '}') {
		imap->state = IMAP_COUNT_CR;
		return none;
	}
	if (c == '+')
		return none;
	if (c < '0' || c > '9')
		return broken(imap, SLICE("bad literal"));
	imap->literal = imap->literal * 10 + (uint64_t)(c - '0');
	if (imap->literal > imap->literal_max)
		return broken(imap, SLICE("literal too long"));
	return none;
}

static struct imap_event
behind_count(struct imap *imap, struct slice *in)
{
	char want = imap->state == IMAP_COUNT_CR ? '\r' : '\n';

	if (in->p[0] != want)
		return broken(imap, SLICE("bad literal"));
	skip(in, 1);
	imap->state = want == '\r' ? IMAP_COUNT_LF : IMAP_IN_LITERAL;
	if (want == '\n' && imap->literal == 0)
		return end_string(imap);
	return none;
}

static struct imap_event
in_literal(struct imap *imap, struct slice *in)
{
	struct slice octets;

	if (imap->literal == 0)
		return end_string(imap);
	octets = imap->literal < in->n ? slice_head(*in, (size_t)imap->literal)
				       : *in;
	skip(in, octets.n);
	imap->literal -= octets.n;
	return string_octets(imap, octets);
}

/* --- all -------------------------------------------------------------- */

static struct imap_event
step(struct imap *imap, struct slice *in)
{
	switch (imap->state) {
	case IMAP_AT_BEGIN:
		return at_begin(imap, in);
	case IMAP_IN_LINE:
		return in_line(imap, in);
	case IMAP_BETWEEN:
		return between(imap, in);
	case IMAP_IN_ATOM:
		return in_atom(imap, in);
	case IMAP_IN_QUOTED:
		return in_quoted(imap, in);
	case IMAP_IN_ESCAPE:
		return in_escape(imap, in);
	case IMAP_IN_COUNT:
		return in_count(imap, in);
	case IMAP_COUNT_CR:
	case IMAP_COUNT_LF:
		return behind_count(imap, in);
	case IMAP_IN_LITERAL:
		return in_literal(imap, in);
	default:
		return broken(imap, SLICE(""));
	}
}

struct imap_event
imap_next(struct imap *imap, struct slice *in)
{
	struct imap_event found = none;

	/* A literal that is complete ends also when nothing follows yet. */
	while (found.kind == IMAP_NEED_MORE &&
	       (in->n > 0 ||
		   (imap->state == IMAP_IN_LITERAL && imap->literal == 0)))
		found = step(imap, in);
	if (found.kind == IMAP_BROKEN)
		skip(in, in->n);
	return found;
}
