#include "sieve/address.h"

#include "core/buf.h"
#include "core/header.h"
#include "sieve/encoded_word.h"

/* Words that belong together; copied only when they do not stand so. */
struct joined {
	struct slice text; /* while it is one piece of the field */
	struct buf copy;   /* in use as soon as it is not */
	unsigned words;
	bool copied;
};

struct parser {
	struct slice rest;
	struct arena *arena;
};

enum { WORDS_MAX = 64 * 1024 };

static int
peek(const struct parser *parser)
{
	return parser->rest.n > 0 ? (unsigned char)parser->rest.p[0] : -1;
}

static void
skip(struct parser *parser, size_t n)
{
	parser->rest = slice_tail(parser->rest, n);
}

/* Comments nest; depth is counted, not recursed into. */
static void
skip_comment(struct parser *parser)
{
	unsigned depth = 0;

	do {
		int c = peek(parser);

		if (c == '\\')
			skip(parser, 1);
		else if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		skip(parser, 1);
	} while (depth > 0 && parser->rest.n > 0);
}

static void
skip_blank(struct parser *parser)
{
	for (;;) {
		int c = peek(parser);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			skip(parser, 1);
		else if (c == '(')
			skip_comment(parser);
		else
			return;
	}
}

static bool
is_atom(int c)
{
	return c > ' ' && c != 0x7f && strchr("()<>[]:;@\\,.\"", c) == NULL;
}

static struct slice
atom(struct parser *parser)
{
	struct slice s = parser->rest;
	size_t n = 0;

	while (n < s.n && is_atom((unsigned char)s.p[n]))
		n++;
	skip(parser, n);
	return slice_head(s, n);
}

/* A quoted string without its quotes; p NULL when it is never closed. */
static struct slice
quoted(struct parser *parser)
{
	struct slice s = slice_tail(parser->rest, 1);
	size_t end = 0, n = 0;
	bool escaped = false;
	char *to;

	while (end < s.n && s.p[end] != '"') {
		escaped = escaped || s.p[end] == '\\';
		end += s.p[end] == '\\' ? 2 : 1;
	}
	if (end >= s.n)
		return (struct slice){ NULL, 0 };
	skip(parser, end + 2);
	s.n = end;
	if (!escaped)
		return s;
	to = arena_alloc(parser->arena, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		to[n++] = s.p[i];
	}
	return (struct slice){ to, n };
}

static void
join(struct joined *joined, struct slice piece, bool blank)
{
	if (joined->text.p == NULL) {
		joined->text = piece;
		return;
	}
	if (!joined->copied && !blank &&
	    joined->text.p + joined->text.n == piece.p) {
		joined->text.n += piece.n;
		return;
	}
	if (!joined->copied)
		(void)buf_add_slice(&joined->copy, joined->text);
	joined->copied = true;
	if (blank)
		(void)buf_add_char(&joined->copy, ' ');
	(void)buf_add_slice(&joined->copy, piece);
}

/*
 * Words and dots. Between two words without a dot comes a blank: then it is a
 * phrase, and words counts more than one.
 */
static bool
words(struct parser *parser, struct joined *joined)
{
	bool after_word = false;

	*joined = (struct joined){ .copy = BUF_INIT(WORDS_MAX) };
	for (;; skip_blank(parser)) {
		int c = peek(parser);
		struct slice piece;

		if (c == '.') {
			piece = slice_head(parser->rest, 1);
			skip(parser, 1);
			join(joined, piece, false);
			joined->words += joined->words == 0;
			after_word = false;
			continue;
		}
		piece = c == '"' ? quoted(parser) : atom(parser);
		if (piece.p == NULL || (c != '"' && piece.n == 0))
			return c != '"';
		joined->words += after_word || joined->words == 0;
		join(joined, piece, after_word);
		after_word = true;
	}
}

static struct slice
take(struct parser *parser, struct joined *joined)
{
	struct slice text = joined->text;

	if (joined->copied)
		text = arena_slice(parser->arena, buf_slice(&joined->copy));
	buf_free(&joined->copy);
	return text.p != NULL ? text : (struct slice){ "", 0 };
}

/* Atoms and dots, with blanks and comments between (RFC 5322 4.4). */
static bool
host_name(struct parser *parser, struct slice *out)
{
	struct joined joined = { .copy = BUF_INIT(WORDS_MAX) };
	bool after_atom = false;

	for (;; skip_blank(parser)) {
		struct slice piece = slice_head(parser->rest, 1);
		bool dot = peek(parser) == '.';

		if (dot)
			skip(parser, 1);
		else if (!after_atom)
			piece = atom(parser);
		if (piece.n == 0 || (!dot && after_atom))
			break;
		join(&joined, piece, false);
		after_atom = !dot;
	}
	*out = take(parser, &joined);
	return out->n > 0;
}

static bool
domain(struct parser *parser, struct slice *out)
{
	long end;

	skip_blank(parser);
	if (peek(parser) != '[')
		return host_name(parser, out);
	end = slice_find(parser->rest, ']');
	if (end < 0)
		return false;
	*out = slice_head(parser->rest, (size_t)end + 1);
	skip(parser, (size_t)end + 1);
	skip_blank(parser);
	return true;
}

/* "<@relay,@relay:": who the mail came by long ago (RFC 5322 4.4). */
static bool
skip_route(struct parser *parser)
{
	struct slice ignored;

	while (peek(parser) == '@' || peek(parser) == ',') {
		bool at = peek(parser) == '@';

		skip(parser, 1);
		if (at && !domain(parser, &ignored))
			return false;
		skip_blank(parser);
		if (peek(parser) == ':') {
			skip(parser, 1);
			return true;
		}
	}
	return true;
}

static bool
in_angles(struct parser *parser, struct address *address)
{
	struct joined joined;
	bool ok;

	skip(parser, 1);
	skip_blank(parser);
	if (!skip_route(parser))
		return false;
	skip_blank(parser);
	ok = words(parser, &joined) && joined.words <= 1;
	address->local = take(parser, &joined);
	if (!ok)
		return false;
	if (peek(parser) == '@') {
		skip(parser, 1);
		if (!domain(parser, &address->domain))
			return false;
	}
	if (peek(parser) != '>')
		return false;
	skip(parser, 1);
	skip_blank(parser);
	return address->domain.n > 0; /* "<>" is nobody's address */
}

enum item { ITEM_ADDRESS, ITEM_GROUP, ITEM_BAD };

static enum item
item(struct parser *parser, struct address *address)
{
	struct joined joined;
	bool ok = words(parser, &joined);
	unsigned n_words = joined.words;
	struct slice text = take(parser, &joined);

	if (!ok)
		return ITEM_BAD;
	switch (peek(parser)) {
	case '@':
		skip(parser, 1);
		address->local = text;
		ok = n_words == 1 && domain(parser, &address->domain);
		return ok ? ITEM_ADDRESS : ITEM_BAD;
	case '<':
		address->name = text;
		return in_angles(parser, address) ? ITEM_ADDRESS : ITEM_BAD;
	case ':':
		skip(parser, 1);
		return n_words > 0 ? ITEM_GROUP : ITEM_BAD;
	default:
		address->local = text;
		return ITEM_BAD;
	}
}

static bool
at_end(const struct parser *parser)
{
	return peek(parser) < 0 || peek(parser) == ',' || peek(parser) == ';';
}

/* To the comma or semicolon behind what could not be read. */
static void
skip_item(struct parser *parser)
{
	while (!at_end(parser)) {
		int c = peek(parser);

		if (c == '"' && quoted(parser).p != NULL)
			continue;
		if (c == '(')
			skip_comment(parser);
		else
			skip(parser, 1);
	}
}

static bool
plain_local(struct slice local)
{
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] != '.' && !is_atom((unsigned char)local.p[i]))
			return false;
	}
	return local.n > 0;
}

/* The address as a comparison wants it (RFC 5228 2.7.4). */
static struct slice
whole(struct arena *arena, const struct address *address)
{
	AUTO_BUF struct buf text = BUF_INIT(2 * WORDS_MAX);
	struct slice local = address->local, domain_part = address->domain;

	if (domain_part.n == 0)
		return local;
	/* Copies may lie side by side too, with a NUL between them. */
	if (plain_local(local) && local.p + local.n + 1 == domain_part.p &&
	    local.p[local.n] == '@')
		return (struct slice){ local.p, local.n + 1 + domain_part.n };
	if (plain_local(local)) {
		(void)buf_add_slice(&text, local);
	} else {
		(void)buf_add_char(&text, '"');
		for (size_t i = 0; i < local.n; i++) {
			if (local.p[i] == '"' || local.p[i] == '\\')
				(void)buf_add_char(&text, '\\');
			(void)buf_add_char(&text, local.p[i]);
		}
		(void)buf_add_char(&text, '"');
	}
	(void)buf_add_char(&text, '@');
	(void)buf_add_slice(&text, domain_part);
	return arena_slice(arena, buf_slice(&text));
}

struct address_walk
address_start(struct arena *arena, struct slice value)
{
	if (slice_find(value, '\n') >= 0 || slice_find(value, '\r') >= 0)
		value = header_unfold(arena, value);
	return (struct address_walk){ value, arena, 0 };
}

static void
skip_separators(struct parser *parser)
{
	for (skip_blank(parser); peek(parser) == ',' || peek(parser) == ';';
	     skip_blank(parser))
		skip(parser, 1);
}

/* Fills address with what stands up to the next separator. */
static void
next_item(struct parser *parser, struct address *address)
{
	const char *start = parser->rest.p;
	enum item found;

	do { /* a group's name is followed by its first member */
		*address = (struct address){ .valid = true };
		start = parser->rest.p;
		found = item(parser, address);
		if (found == ITEM_GROUP)
			skip_separators(parser);
	} while (found == ITEM_GROUP && parser->rest.n > 0);
	if (found == ITEM_ADDRESS)
		skip_blank(parser);
	if (found == ITEM_BAD || (found == ITEM_ADDRESS && !at_end(parser))) {
		address->valid = false;
		skip_item(parser);
	}
	address->text =
	    (struct slice){ start, (size_t)(parser->rest.p - start) };
	if (found == ITEM_GROUP) /* an empty one, at the end */
		address->text.n = 0;
}

bool
address_next(struct address_walk *walk, struct address *address_out)
{
	struct parser parser = { walk->rest, walk->arena };

	skip_separators(&parser);
	if (parser.rest.n == 0 || walk->n == ADDRESS_LIST_MAX)
		return false;
	walk->n++;
	next_item(&parser, address_out);
	walk->rest = parser.rest;
	if (address_out->text.n == 0)
		return false;
	if (address_out->valid) {
		address_out->text = whole(walk->arena, address_out);
		address_out->name =
		    encoded_word_decode(walk->arena, address_out->name);
	} else {
		address_out->text = slice_trim(address_out->text);
		address_out->local = address_out->domain =
		    (struct slice){ "", 0 };
	}
	return true;
}

bool
address_parse(
    struct arena *arena, struct slice text, struct address *address_out)
{
	struct address_walk walk = address_start(arena, text);
	struct address second;

	return address_next(&walk, address_out) && address_out->valid &&
	       address_out->local.n > 0 && !address_next(&walk, &second);
}

struct address
address_of_envelope(struct slice text)
{
	struct address address = { .valid = true };
	long at;

	if (text.n >= 2 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = slice_head(slice_tail(text, 1), text.n - 2);
	at = slice_rfind(text, '@');
	address.text = text;
	address.local = at < 0 ? text : slice_head(text, (size_t)at);
	if (at >= 0)
		address.domain = slice_tail(text, (size_t)at + 1);
	return address;
}

bool
address_detail(struct slice local, char separator, struct slice *user_out,
    struct slice *detail_out)
{
	long at = slice_find(local, separator);

	*user_out = at < 0 ? local : slice_head(local, (size_t)at);
	if (at < 0)
		return false;
	*detail_out = slice_tail(local, (size_t)at + 1);
	return true;
}
