/*
 * sieve/lexer.h - bytes of a script to tokens (RFC 5228 section 8.1).
 *
 * Byte-exact and NUL-safe: a token's text is what was meant, so \" and \\ in
 * quoted strings and dot-stuffing in multi-line ones are undone. Text without
 * anything to undo is not copied.
 *
 * Errors:    a TOKEN_ERROR, and an entry in the list of errors.
 * Ownership: texts look into the script or live in the arena.
 */
#ifndef HAUSPOST_SIEVE_LEXER_H
#define HAUSPOST_SIEVE_LEXER_H

#include "sieve/errors.h"

enum token_type {
	TOKEN_END,
	TOKEN_WORD,   /* an identifier */
	TOKEN_TAG,    /* text without its colon */
	TOKEN_NUMBER, /* quantifier applied */
	TOKEN_STRING,
	TOKEN_PUNCTUATION, /* [ ] ( ) { } , ; */
	TOKEN_ERROR,
};

struct token {
	enum token_type type;
	struct place at;
	struct slice text;
	uint64_t number;
	char punctuation; /* 0 unless type says so */
};

struct lexer {
	struct slice script;
	size_t position;
	size_t counted; /* columns of this line are counted up to here */
	unsigned line, column;
	struct arena *arena;
	struct sieve_errors *errors;
};

void lexer_init(struct lexer *lexer, struct slice script, struct arena *arena,
    struct sieve_errors *errors);

struct token lexer_next(struct lexer *lexer);

#endif
