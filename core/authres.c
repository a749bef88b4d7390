#include "core/authres.h"

#include "core/header.h"

/*
 * RFC 8601 2.2, as tokens: ";" parts results, comments count as blanks,
 * quoted strings may stand for values.
 */

/* Octets of the comment or quoted string at the front of s. */
static size_t
span_length(struct slice s)
{
	char close = s.p[0] == '(' ? ')' : '"';
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(' && close == ')')
			depth++;
		else if (s.p[i] == close && (i > 0 || close == ')') &&
			 --depth <= 0)
			return i + 1;
	}
	return s.n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_end(char c)
{
	return is_blank(c) || c == ';' || c == '(' || c == '"';
}

/* Takes blanks and comments off the front. */
static void
skip_blanks(struct slice *s)
{
	while (s->n > 0 && (is_blank(s->p[0]) || s->p[0] == '('))
		*s = slice_tail(*s, s->p[0] == '(' ? span_length(*s) : 1);
}

/* The next word; ";" is one of its own. False at the end. */
static bool
next_word(struct slice *s, struct slice *word_out)
{
	size_t n = 0;

	skip_blanks(s);
	if (s->n == 0)
		return false;
	if (s->p[0] == ';')
		n = 1;
	while (n < s->n && (n > 0 ? s->p[0] != ';' : true) &&
	       (!is_end(s->p[n]) || s->p[n] == '"')) {
		if (s->p[n] == '"')
			n += span_length(slice_tail(*s, n));
		else
			n++;
	}
	*word_out = slice_head(*s, n);
	*s = slice_tail(*s, n > 0 ? n : 1);
	return true;
}

/* Relaxed alignment (RFC 9989 5.1), as far as names alone show it. */
static bool
is_aligned(struct slice signer, struct slice from_domain)
{
	long at = slice_rfind(signer, '@');
	size_t n;

	signer = slice_tail(signer, (size_t)(at + 1));
	n = signer.n;
	if (n == 0 || n > from_domain.n ||
	    !slice_eq_nocase(
		slice_tail(from_domain, from_domain.n - n), signer))
		return false;
	return n == from_domain.n ||
	       from_domain.p[from_domain.n - n - 1] == '.';
}

/* One "method=result property=value …" of a field. */
struct result {
	bool dkim_passes;
};

static void
read_word(struct slice word, struct slice from_domain, struct result *result,
    struct authres *to)
{
	static const struct slice signers[] = { { "header.d=", 9 },
		{ "header.i=", 9 } };

	if (slice_eq_nocase(word, SLICE(";")))
		*result = (struct result){ false };
	else if (slice_eq_nocase(word, SLICE("dmarc=pass")))
		to->dmarc = true;
	else if (slice_eq_nocase(word, SLICE("auth=pass")))
		to->auth = true;
	else if (slice_eq_nocase(word, SLICE("dkim=pass")))
		result->dkim_passes = true;
	for (size_t i = 0; i < sizeof signers / sizeof *signers; i++)
		if (slice_starts_nocase(word, signers[i]) &&
		    result->dkim_passes &&
		    is_aligned(slice_tail(word, signers[i].n), from_domain))
			to->dkim = true;
}

static void
read_field(struct slice value, struct slice authserv_id,
    struct slice from_domain, struct authres *to)
{
	struct result result = { false };
	struct slice word;

	if (!next_word(&value, &word) || !slice_eq_nocase(word, authserv_id))
		return;
	to->seen = true;
	while (next_word(&value, &word))
		read_word(word, from_domain, &result, to);
}

void
authres_read(struct slice header, struct slice authserv_id,
    struct slice from_domain, struct authres *authres_out)
{
	struct header_walk walk = header_start(header);
	struct header_field field;

	*authres_out = (struct authres){ false };
	while (authserv_id.n > 0 && header_next(&walk, &field))
		if (slice_eq_nocase(
			field.name, SLICE("Authentication-Results")))
			read_field(
			    field.value, authserv_id, from_domain, authres_out);
}
