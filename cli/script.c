#include "cli/script.h"

#include <errno.h>

/*
 * A scanner over one statement. `at` only goes forward, so a statement costs
 * one pass however it is written.
 */
struct scan {
	struct slice text;
	size_t at;
	int parens;   /* a ; inside, as CREATE RULE has them, ends nothing */
	int blocks;   /* BEGIN ATOMIC and CASE that wait for their END */
	size_t words; /* met so far; the first few tell CREATE FUNCTION */
	bool creates; /* begins with CREATE */
	bool routine; /* … [OR REPLACE] FUNCTION or PROCEDURE */
	bool after_begin;
	const char *unended; /* what has no end */
};

static char
peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->text.n ? s->text.p[s->at + ahead] : '\0';
}

static bool
at_end(const struct scan *s)
{
	return s->at >= s->text.n;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What may begin a name or a dollar tag (PostgreSQL 4.1.1). */
static bool
begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
continues_name(char c)
{
	return begins_name(c) || is_digit(c) || c == '$';
}

/* --- what hides semicolons -------------------------------------------- */

static void
skip_line(struct scan *s)
{
	while (!at_end(s) && peek(s, 0) != '\n')
		s->at++;
}

/* From its slash on; these nest, unlike C's. */
static void
skip_comment(struct scan *s)
{
	int depth = 0;

	while (!at_end(s)) {
		if (peek(s, 0) == '/' && peek(s, 1) == '*') {
			depth++;
			s->at += 2;
		} else if (peek(s, 0) == '*' && peek(s, 1) == '/') {
			s->at += 2;
			if (--depth == 0)
				return;
		} else {
			s->at++;
		}
	}
	s->unended = "comment";
}

/* From its quote on. A doubled quote ends one and begins the next. */
static void
skip_quoted(struct scan *s, bool backslashes)
{
	char quote = peek(s, 0);

	for (s->at++; !at_end(s); s->at++) {
		if (peek(s, 0) == quote) {
			s->at++;
			return;
		}
		if (backslashes && peek(s, 0) == '\\' && s->at + 1 < s->text.n)
			s->at++;
	}
	s->unended = quote == '"' ? "quoted name" : "string";
}

/*
 * E'' with its backslashes. A string goes on behind a line break, still as
 * what it began (PostgreSQL 4.1.2.1).
 */
static void
skip_escaped(struct scan *s)
{
	size_t next;

	do {
		skip_quoted(s, true);
		next = s->at;
		while (next < s->text.n && is_blank(s->text.p[next]))
			next++;
		if (next == s->text.n || s->text.p[next] != '\'' ||
		    slice_find(
			(struct slice){ s->text.p + s->at, next - s->at },
			'\n') < 0)
			return;
		s->at = next;
	} while (s->unended == NULL);
}

/* The $tag$ at s, empty when there is none ($1 is a parameter). */
static struct slice
dollar_tag(const struct scan *s)
{
	size_t n = 1;

	if (begins_name(peek(s, 1)))
		while (continues_name(peek(s, n)) && peek(s, n) != '$')
			n++;
	if (peek(s, n) != '$')
		return SLICE("");
	return slice_head(slice_tail(s->text, s->at), n + 1);
}

static void
skip_dollars(struct scan *s)
{
	struct slice tag = dollar_tag(s), rest;
	const char *end;

	if (tag.n == 0) {
		s->at++;
		return;
	}
	rest = slice_tail(s->text, s->at + tag.n);
	end = rest.n > 0 ? memmem(rest.p, rest.n, tag.p, tag.n) : NULL;
	if (end != NULL) {
		s->at = (size_t)(end - s->text.p) + tag.n;
		return;
	}
	s->at = s->text.n;
	s->unended = "$-quoted string";
}

/* --- words ------------------------------------------------------------ */

static bool
is_word(struct slice word, const char *keyword)
{
	return slice_eq_nocase(word, slice_of(keyword));
}

/*
 * psql tells the body of an SQL function by the same signs: only in CREATE
 * [OR REPLACE] FUNCTION or PROCEDURE are BEGIN and END no statements.
 */
static void
note_word(struct scan *s, struct slice word)
{
	if (s->words == 0)
		s->creates = is_word(word, "create");
	else if (s->words <= 3 && s->creates)
		s->routine = s->routine || is_word(word, "function") ||
			     is_word(word, "procedure");
	s->words++;
	if (!s->routine || s->parens > 0)
		return;
	if (s->blocks == 0)
		s->blocks += s->after_begin && is_word(word, "atomic");
	else if (is_word(word, "case"))
		s->blocks++;
	else if (is_word(word, "end"))
		s->blocks--;
	s->after_begin = is_word(word, "begin");
}

/* A name, keyword or number, or the letter before a string: E'', U&"". */
static void
take_word(struct scan *s)
{
	size_t begin = s->at;
	struct slice word;

	while (continues_name(peek(s, 0)))
		s->at++;
	word = (struct slice){ s->text.p + begin, s->at - begin };
	if (peek(s, 0) == '\'' && is_word(word, "e"))
		skip_escaped(s);
	else
		note_word(s, word);
}

static void
take_paren(struct scan *s)
{
	if (peek(s, 0) == '(')
		s->parens++;
	else if (s->parens > 0)
		s->parens--;
	s->at++;
}

/* One token; the semicolon that ends the statement is left where it is. */
static void
take_token(struct scan *s)
{
	char c = peek(s, 0);

	if (c == '-' && peek(s, 1) == '-')
		skip_line(s);
	else if (c == '/' && peek(s, 1) == '*')
		skip_comment(s);
	else if (c == '\'' || c == '"')
		skip_quoted(s, false);
	else if (c == '$')
		skip_dollars(s);
	else if (begins_name(c) || is_digit(c))
		take_word(s);
	else if (c == '(' || c == ')')
		take_paren(s);
	else if (c == '\\')
		s->unended = "\\";
	else
		s->at++;
}

/* --- statements ------------------------------------------------------- */

static bool
ends_here(const struct scan *s)
{
	return peek(s, 0) == ';' && s->parens == 0 && s->blocks == 0;
}

/* Blanks, comments and lone semicolons before a statement. */
static void
skip_gap(struct scan *s)
{
	while (!at_end(s) && s->unended == NULL) {
		char c = peek(s, 0);

		if (is_blank(c) || c == ';')
			s->at++;
		else if ((c == '-' && peek(s, 1) == '-') ||
			 (c == '/' && peek(s, 1) == '*'))
			take_token(s);
		else
			return;
	}
}

static void
advance(struct script *script, size_t n)
{
	for (size_t i = 0; i < n; i++)
		script->line += script->rest.p[i] == '\n';
	script->rest = slice_tail(script->rest, n);
}

static int
fail(const struct scan *s, int line, struct why *why)
{
	(void)why_say(why, 451, "4.3.5", "bad SQL");
	if (s->unended[0] == '\\')
		why_detail(why,
		    "line %d: backslash commands are psql's; "
		    "write SQL only",
		    line);
	else
		why_detail(why, "line %d: a %s has no end", line, s->unended);
	return -EINVAL;
}

static struct slice
first_word(struct slice text)
{
	size_t n = 0;

	while (n < text.n && continues_name(text.p[n]))
		n++;
	return slice_head(text, n);
}

int
script_next(
    struct script *script, struct statement *statement_out, struct why *why)
{
	struct scan s = { .text = script->rest };

	skip_gap(&s);
	if (s.unended != NULL)
		return fail(&s, script->line, why);
	advance(script, s.at);
	if (script->rest.n == 0)
		return 0;

	s = (struct scan){ .text = script->rest };
	while (!at_end(&s) && !ends_here(&s) && s.unended == NULL)
		take_token(&s);
	if (s.unended != NULL)
		return fail(&s, script->line, why);
	statement_out->text = slice_trim(slice_head(s.text, s.at));
	statement_out->verb = first_word(s.text);
	statement_out->line = script->line;
	advance(script, s.at);
	return 1;
}

bool
statement_ends_transaction(const struct statement *statement)
{
	static const char *const verbs[] = { "begin", "start", "commit", "end",
		"rollback", "abort" };
	struct slice rest;

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (is_word(statement->verb, verbs[i]))
			return true;
	}
	/* PREPARE alone prepares a statement. */
	rest = slice_trim(slice_tail(statement->text, statement->verb.n));
	return is_word(statement->verb, "prepare") &&
	       is_word(first_word(rest), "transaction");
}
