/*
 * sieve/parser.h - tokens to a tree (RFC 5228 section 8.2).
 *
 * After an error the parser goes on behind the next ';' or block, so that one
 * upload shows more than one mistake.
 */
#ifndef HAUSPOST_SIEVE_PARSER_H
#define HAUSPOST_SIEVE_PARSER_H

#include "sieve/ast.h"

/*
 * The first command, or NULL for an empty script. The tree lives in one
 * arena; texts that are not found in the script as they are meant live in
 * another one, since they outlive the tree.
 */
struct ast_node *parser_parse(struct slice script, struct arena *texts,
    struct arena *tree, struct sieve_errors *errors);

#endif
