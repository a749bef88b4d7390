/*
 * sieve/ast.h - a script as it was written, before anybody knows its words.
 *
 * RFC 5228 8.2: a command is a word, arguments, tests, and a block or ';'.
 * Lives in the arena of one compilation.
 */
#ifndef HAUSPOST_SIEVE_AST_H
#define HAUSPOST_SIEVE_AST_H

#include "sieve/errors.h"

enum ast_type { AST_TAG, AST_NUMBER, AST_STRING, AST_LIST };

struct ast_string {
	struct ast_string *next;
	struct place at;
	struct slice text;
};

struct ast_argument {
	struct ast_argument *next;
	enum ast_type type;
	struct place at;
	struct slice tag; /* without its colon */
	uint64_t number;
	struct ast_string *strings; /* one, or those of a list */
	size_t n_strings;
};

struct ast_node {
	struct ast_node *next;
	struct place at;
	struct slice word;
	struct ast_argument *arguments;
	struct ast_node *tests;
	bool parenthesised; /* tests stood in a list */
	bool has_block;
	struct ast_node *block;
};

#endif
