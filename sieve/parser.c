#include "sieve/parser.h"

#include "sieve/lexer.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the one that is looked at */
	struct arena *arena;
	struct sieve_errors *errors;
	unsigned depth;
	bool too_deep; /* nothing is parsed any more */
};

static void
step(struct parser *parser)
{
	parser->token = lexer_next(&parser->lexer);
}

static bool
at_punctuation(const struct parser *parser, char c)
{
	return parser->token.punctuation == c;
}

static bool
accept(struct parser *parser, char c)
{
	if (!at_punctuation(parser, c))
		return false;
	step(parser);
	return true;
}

/* Says what was expected here; the lexer has spoken for its own errors. */
static void
expected(struct parser *parser, const char *what)
{
	const struct token *token = &parser->token;

	if (token->type == TOKEN_ERROR || parser->too_deep)
		return;
	if (token->type == TOKEN_END)
		errors_add(parser->errors, token->at,
		    "the script ends where %s is expected", what);
	else
		errors_add(parser->errors, token->at,
		    "%s is expected here, not \"%.*s\"", what,
		    ERRORS_WORD(token->text));
}

static bool
enter(struct parser *parser)
{
	if (parser->depth < SIEVE_NESTING_MAX) {
		parser->depth++;
		return true;
	}
	if (!parser->too_deep)
		errors_add(parser->errors, parser->token.at,
		    "blocks and tests are nested deeper than %d levels",
		    SIEVE_NESTING_MAX);
	parser->too_deep = true;
	return false;
}

static struct ast_string *
string(struct parser *parser)
{
	struct ast_string *s = arena_new(parser->arena, struct ast_string);

	s->at = parser->token.at;
	s->text = parser->token.text;
	step(parser);
	return s;
}

static bool
string_list(struct parser *parser, struct ast_argument *argument)
{
	struct ast_string **end = &argument->strings;

	argument->type = AST_LIST;
	step(parser);
	do {
		if (parser->token.type != TOKEN_STRING) {
			expected(parser, "a string");
			return false;
		}
		*end = string(parser);
		end = &(*end)->next;
		argument->n_strings++;
	} while (accept(parser, ','));
	if (accept(parser, ']'))
		return true;
	expected(parser, "\",\" or \"]\"");
	return false;
}

static bool
single(struct parser *parser, struct ast_argument *argument)
{
	switch (parser->token.type) {
	case TOKEN_TAG:
		argument->type = AST_TAG;
		argument->tag = parser->token.text;
		break;
	case TOKEN_NUMBER:
		argument->type = AST_NUMBER;
		argument->number = parser->token.number;
		break;
	default:
		argument->type = AST_STRING;
		argument->strings = string(parser);
		argument->n_strings = 1;
		return true;
	}
	step(parser);
	return true;
}

static bool
starts_argument(const struct token *token)
{
	return token->type == TOKEN_TAG || token->type == TOKEN_NUMBER ||
	       token->type == TOKEN_STRING || token->punctuation == '[';
}

static bool
arguments(struct parser *parser, struct ast_node *node)
{
	struct ast_argument **end = &node->arguments;

	while (starts_argument(&parser->token)) {
		struct ast_argument *argument =
		    arena_new(parser->arena, struct ast_argument);
		bool ok;

		argument->at = parser->token.at;
		ok = at_punctuation(parser, '[') ? string_list(parser, argument)
						 : single(parser, argument);
		if (!ok)
			return false;
		*end = argument;
		end = &argument->next;
	}
	return parser->token.type != TOKEN_ERROR;
}

static bool tests(struct parser *parser, struct ast_node *node);

static struct ast_node *
node_new(struct parser *parser)
{
	struct ast_node *node = arena_new(parser->arena, struct ast_node);

	node->at = parser->token.at;
	node->word = parser->token.text;
	step(parser);
	return node;
}

static struct ast_node *
test(struct parser *parser)
{
	struct ast_node *node;
	bool ok;

	if (parser->token.type != TOKEN_WORD) {
		expected(parser, "a test");
		return NULL;
	}
	if (!enter(parser))
		return NULL;
	node = node_new(parser);
	ok = arguments(parser, node) && tests(parser, node);
	parser->depth--;
	return ok ? node : NULL;
}

static bool
test_list(struct parser *parser, struct ast_node *node)
{
	struct ast_node **end = &node->tests;

	node->parenthesised = true;
	do {
		*end = test(parser);
		if (*end == NULL)
			return false;
		end = &(*end)->next;
	} while (accept(parser, ','));
	if (accept(parser, ')'))
		return true;
	expected(parser, "\",\" or \")\"");
	return false;
}

/* What may stand behind the arguments: nothing, a test or a list of them. */
static bool
tests(struct parser *parser, struct ast_node *node)
{
	if (accept(parser, '('))
		return test_list(parser, node);
	if (parser->token.type != TOKEN_WORD)
		return true;
	node->tests = test(parser);
	return node->tests != NULL;
}

static struct ast_node *block(struct parser *parser);

static struct ast_node *
braces(struct parser *parser)
{
	struct ast_node *first;

	if (!enter(parser))
		return NULL;
	step(parser);
	first = block(parser);
	parser->depth--;
	if (!accept(parser, '}'))
		expected(parser, "a command or \"}\"");
	return first;
}

static bool
ending(struct parser *parser, struct ast_node *node)
{
	if (accept(parser, ';'))
		return true;
	if (!at_punctuation(parser, '{')) {
		expected(parser, "\";\" or a block in \"{\" and \"}\"");
		return false;
	}
	node->has_block = true;
	node->block = braces(parser);
	return true;
}

/* Goes behind the command that was wrong, and behind its block. */
static void
recover(struct parser *parser)
{
	while (parser->token.type != TOKEN_END && !parser->too_deep) {
		if (at_punctuation(parser, '}') || accept(parser, ';'))
			return;
		if (at_punctuation(parser, '{')) {
			braces(parser);
			return;
		}
		step(parser);
	}
}

static struct ast_node *
command(struct parser *parser)
{
	struct ast_node *node;

	if (parser->token.type != TOKEN_WORD) {
		expected(parser, "a command");
		step(parser);
		recover(parser);
		return NULL;
	}
	node = node_new(parser);
	if (arguments(parser, node) && tests(parser, node) &&
	    ending(parser, node))
		return node;
	recover(parser);
	return NULL;
}

static struct ast_node *
block(struct parser *parser)
{
	struct ast_node *first = NULL, **end = &first;

	while (parser->token.type != TOKEN_END && !parser->too_deep &&
	       !at_punctuation(parser, '}')) {
		struct ast_node *node = command(parser);

		if (node == NULL)
			continue;
		*end = node;
		end = &node->next;
	}
	return first;
}

struct ast_node *
parser_parse(struct slice script, struct arena *texts, struct arena *tree,
    struct sieve_errors *errors)
{
	struct parser parser = { .arena = tree, .errors = errors };
	struct ast_node *first;

	lexer_init(&parser.lexer, script, texts, errors);
	step(&parser);
	first = block(&parser);
	if (parser.token.type != TOKEN_END && !parser.too_deep)
		errors_add(errors, parser.token.at,
		    "\"}\" closes a block that was never opened");
	return first;
}
