#include "sieve/lexer.h"

#include <stdint.h>

void
lexer_init(struct lexer *lexer, struct slice script, struct arena *arena,
    struct sieve_errors *errors)
{
	static const struct slice byte_order_mark = { "\xEF\xBB\xBF", 3 };

	*lexer = (struct lexer){ .script = script,
		.line = 1,
		.column = 1,
		.arena = arena,
		.errors = errors };
	/* Editors on Windows put one in front; it means nothing. */
	if (slice_eq(slice_head(script, 3), byte_order_mark))
		lexer->position = lexer->counted = 3;
}

/* The octet at the position plus ahead, or -1 behind the end. */
static int
peek(const struct lexer *lexer, size_t ahead)
{
	if (ahead >= lexer->script.n - lexer->position)
		return -1;
	return (unsigned char)lexer->script.p[lexer->position + ahead];
}

static void
advance(struct lexer *lexer, size_t n)
{
	for (; n > 0; n--) {
		if (lexer->script.p[lexer->position++] == '\n') {
			lexer->line++;
			lexer->column = 1;
			lexer->counted = lexer->position;
		}
	}
}

/*
 * A column is a character, so that an editor's is meant; malformed UTF-8
 * counts by its octets. Counted on from the last place that was asked for,
 * because a script may be one line of 100 KB.
 */
static struct place
here(struct lexer *lexer)
{
	for (; lexer->counted < lexer->position; lexer->counted++) {
		int c = (unsigned char)lexer->script.p[lexer->counted];

		lexer->column += (c & 0xC0) != 0x80;
	}
	return (struct place){ lexer->line, lexer->column };
}

static struct slice
text_from(const struct lexer *lexer, size_t start)
{
	return (
	    struct slice){ lexer->script.p + start, lexer->position - start };
}

static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void
skip_line(struct lexer *lexer)
{
	while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n')
		lexer->position++;
}

/* False when the comment never ends. */
static bool
skip_bracket_comment(struct lexer *lexer)
{
	struct place start = here(lexer);

	advance(lexer, 2);
	while (peek(lexer, 0) >= 0) {
		if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
			advance(lexer, 2);
			return true;
		}
		advance(lexer, 1);
	}
	errors_add(lexer->errors, start,
	    "this comment is never closed: \"*/\" is missing");
	return false;
}

static bool
skip_white(struct lexer *lexer)
{
	for (;;) {
		int c = peek(lexer, 0);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			advance(lexer, 1);
		else if (c == '#')
			skip_line(lexer);
		else if (c != '/' || peek(lexer, 1) != '*')
			return true;
		else if (!skip_bracket_comment(lexer))
			return false;
	}
}

/* Removes the backslashes of a quoted string (RFC 5228 2.4.2): "\a" is "a". */
static struct slice
unescape(struct lexer *lexer, struct slice raw)
{
	char *to;
	size_t n = 0;

	if (slice_find(raw, '\\') < 0)
		return raw;
	to = arena_alloc(lexer->arena, raw.n + 1);
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		to[n++] = raw.p[i];
	}
	return (struct slice){ to, n };
}

static void
fail(struct lexer *lexer, struct token *token, const char *text)
{
	errors_add(lexer->errors, token->at, "%s", text);
	token->type = TOKEN_ERROR;
}

static void
quoted_string(struct lexer *lexer, struct token *token)
{
	size_t start;
	int c;

	advance(lexer, 1);
	start = lexer->position;
	while ((c = peek(lexer, 0)) != '"') {
		if (c == '\\' && peek(lexer, 1) >= 0)
			advance(lexer, 1);
		else if (c < 0)
			break;
		if (peek(lexer, 0) == '\0')
			break;
		advance(lexer, 1);
	}
	if (c < 0 || peek(lexer, 0) == '\0') {
		fail(lexer, token,
		    c < 0 ? "this string is never closed: its "
			    "last quotation mark is missing"
			  : "a string cannot hold a NUL octet");
		return;
	}
	token->text = unescape(lexer, text_from(lexer, start));
	advance(lexer, 1);
}

/* Octets of a line's end at the position, 0 when there is none. */
static size_t
line_end(const struct lexer *lexer)
{
	if (peek(lexer, 0) == '\n')
		return 1;
	return peek(lexer, 0) == '\r' && peek(lexer, 1) == '\n' ? 2 : 0;
}

/* A dot alone on its line ends a multi-line string. */
static bool
at_last_dot(const struct lexer *lexer)
{
	struct lexer ahead = *lexer;

	if (peek(lexer, 0) != '.')
		return false;
	ahead.position++;
	return line_end(&ahead) > 0 || peek(&ahead, 0) < 0;
}

/* Only blanks and a comment may follow "text:". */
static bool
skip_first_line(struct lexer *lexer)
{
	while (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t')
		lexer->position++;
	if (peek(lexer, 0) == '#')
		skip_line(lexer);
	if (peek(lexer, 0) == '\r' && peek(lexer, 1) == '\n')
		lexer->position++;
	if (peek(lexer, 0) != '\n')
		return false;
	advance(lexer, 1);
	return true;
}

/* RFC 5228 8.1: a dot at the start of a line was doubled. */
static struct slice
unstuff(struct lexer *lexer, struct slice raw)
{
	char *to = arena_alloc(lexer->arena, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		bool line_starts = i == 0 || raw.p[i - 1] == '\n';

		if (line_starts && raw.p[i] == '.')
			continue;
		to[n++] = raw.p[i];
	}
	return (struct slice){ to, n };
}

/* Goes to the dot at the end; false when there is none. */
static bool
find_last_dot(struct lexer *lexer, bool *stuffed_out)
{
	*stuffed_out = false;
	while (!at_last_dot(lexer)) {
		*stuffed_out = *stuffed_out || peek(lexer, 0) == '.';
		skip_line(lexer);
		if (peek(lexer, 0) < 0)
			return false;
		advance(lexer, 1);
	}
	return true;
}

static void
multi_line(struct lexer *lexer, struct token *token)
{
	size_t start;
	bool stuffed;

	token->type = TOKEN_STRING;
	if (!skip_first_line(lexer)) {
		fail(lexer, token,
		    "nothing but a comment may follow \"text:\" "
		    "on its line");
		return;
	}
	start = lexer->position;
	if (!find_last_dot(lexer, &stuffed)) {
		fail(lexer, token,
		    "this text is never closed: a line with "
		    "only a dot is missing");
		return;
	}
	token->text = text_from(lexer, start);
	if (slice_find(token->text, '\0') >= 0)
		fail(lexer, token, "a string cannot hold a NUL octet");
	else if (stuffed)
		token->text = unstuff(lexer, token->text);
	lexer->position++;
}

static void
word(struct lexer *lexer, struct token *token)
{
	size_t start = lexer->position;

	while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
		lexer->position++;
	token->text = text_from(lexer, start);
	if (slice_eq_nocase(token->text, SLICE("text")) &&
	    peek(lexer, 0) == ':') {
		lexer->position++;
		multi_line(lexer, token);
	}
}

static void
tag(struct lexer *lexer, struct token *token)
{
	lexer->position++;
	if (!is_letter(peek(lexer, 0))) {
		fail(lexer, token,
		    "a colon begins a tag such as \":is\": its "
		    "name is missing");
		return;
	}
	for (size_t start = lexer->position;;) {
		if (!is_letter(peek(lexer, 0)) && !is_digit(peek(lexer, 0))) {
			token->text = text_from(lexer, start);
			return;
		}
		lexer->position++;
	}
}

static unsigned
quantifier_shift(int c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return 0;
	}
}

static void
number(struct lexer *lexer, struct token *token)
{
	size_t start = lexer->position;
	unsigned long long value = 0;
	unsigned shift;
	bool fits;

	while (is_digit(peek(lexer, 0)))
		lexer->position++;
	fits = slice_number(text_from(lexer, start), UINT64_MAX, &value);
	shift = quantifier_shift(peek(lexer, 0));
	lexer->position += shift > 0;
	if (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
		fail(lexer, token, "only K, M or G may follow a number");
	else if (!fits || value > UINT64_MAX >> shift)
		fail(lexer, token, "this number is too large");
	token->number = value << shift;
}

static void
unexpected(struct lexer *lexer, struct token *token, int c)
{
	token->type = TOKEN_ERROR;
	advance(lexer, 1);
	if (c > ' ' && c < 0x7f)
		errors_add(
		    lexer->errors, token->at, "unexpected character \"%c\"", c);
	else
		errors_add(lexer->errors, token->at,
		    "unexpected octet 0x%02x: text belongs in quotation marks",
		    (unsigned)c);
}

static void
scan(struct lexer *lexer, struct token *token, int c)
{
	if (is_letter(c)) {
		token->type = TOKEN_WORD;
		word(lexer, token);
	} else if (is_digit(c)) {
		token->type = TOKEN_NUMBER;
		number(lexer, token);
	} else if (c == ':') {
		token->type = TOKEN_TAG;
		tag(lexer, token);
	} else if (c == '"') {
		token->type = TOKEN_STRING;
		quoted_string(lexer, token);
	} else if (c != '\0' && strchr("[](){},;", c) != NULL) {
		token->type = TOKEN_PUNCTUATION;
		token->punctuation = (char)c;
		lexer->position++;
	} else {
		unexpected(lexer, token, c);
	}
}

struct token
lexer_next(struct lexer *lexer)
{
	struct token token = { .type = TOKEN_ERROR };
	size_t start;
	int c;

	if (!skip_white(lexer))
		return token;
	token.at = here(lexer);
	start = lexer->position;
	c = peek(lexer, 0);
	if (c < 0) {
		token.type = TOKEN_END;
		return token;
	}
	scan(lexer, &token, c);
	if (token.text.p == NULL) /* for messages: the token as it stands */
		token.text = text_from(lexer, start);
	return token;
}
