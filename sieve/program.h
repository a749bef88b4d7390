/*
 * sieve/program.h - a compiled script: what threads share and never change.
 *
 * Blocks and tests are lists of nodes. A node names its word, whose run
 * function evaluates it, and holds the arguments ready to use: strings split
 * at their variables, regular expressions compiled, tags turned into fields.
 */
#ifndef HAUSPOST_SIEVE_PROGRAM_H
#define HAUSPOST_SIEVE_PROGRAM_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>

#include "sieve/errors.h"

struct run;
struct sieve_word;

enum part_type {
	PART_LITERAL,
	PART_VARIABLE, /* of this script, by slot */
	PART_GLOBAL,   /* shared by included scripts, by name */
	PART_MATCH,    /* ${0} to ${32} */
	PART_FOREIGN,  /* a namespace such as ${env.name} */
};

/* One piece of a string that holds variables (RFC 5229 3). */
struct text_part {
	struct text_part *next;
	enum part_type type;
	unsigned slot;	   /* PART_VARIABLE, PART_MATCH */
	struct slice text; /* the literal, or the name behind the namespace */
	bool (*value)(struct run *run, struct slice name, struct slice *out);
};

/* A variable that is written. */
struct variable_ref {
	unsigned slot;
	bool global;
	struct slice name;
};

struct text {
	struct slice fixed; /* the whole string when parts is NULL */
	const struct text_part *parts;
};

struct texts {
	const struct text *list;
	size_t n;
};

enum match_type {
	MATCH_IS = 1,
	MATCH_CONTAINS,
	MATCH_MATCHES,
	MATCH_REGEX,
	MATCH_COUNT,
	MATCH_VALUE,
	MATCH_LIST,
};

enum relation {
	RELATION_EQ = 1,
	RELATION_NE,
	RELATION_GT,
	RELATION_GE,
	RELATION_LT,
	RELATION_LE,
};

/* How a test compares: tags of RFC 5228 2.7 and RFC 5231. */
struct match {
	int type; /* enum match_type, 0: is */
	enum relation relation;
	const struct text *relation_text; /* "gt", for checking */
	const struct text *comparator_text;
	const struct comparator *comparator; /* never NULL once compiled */
	pcre2_code *const *regexes; /* per key; NULL where it has variables */
	const struct texts *keys;
};

enum address_part {
	ADDRESS_ALL = 1,
	ADDRESS_LOCALPART,
	ADDRESS_DOMAIN,
	ADDRESS_USER,
	ADDRESS_DETAIL,
};

enum mime_aspect {
	MIME_TYPE = 1,
	MIME_SUBTYPE,
	MIME_CONTENTTYPE,
	MIME_PARAM,
};

/* Which field, which part of it: RFC 5228 2.7.4, 5260 6, 5703 4. */
struct pick {
	int address_part;      /* enum address_part, 0: all */
	const uint64_t *index; /* :index N, from 1 */
	bool last;	       /* :last */
	bool mime, anychild;
	int mime_aspect; /* enum mime_aspect, 0: the value */
	const struct texts *params;
};

/* How a copy is filed or sent: RFC 3894, 5232, 5490, 8579, 8580, 9042, 6009. */
struct store {
	bool copy, create, list;
	const struct texts *flags; /* NULL: the internal variable */
	const struct text *special_use, *mailbox_id;
	const struct text *fcc;
	const struct text *notify, *ret;
};

struct node {
	const struct sieve_word *word;
	struct node *next;
	struct place at;
	/* What the compiler already knows of a test, by ihave (RFC 5463):
	 * blocks that can never run may use words we do not have. */
	enum { CONSTANT_NOT, CONSTANT_TRUE, CONSTANT_FALSE } constant;
	void *args;	     /* the word's own struct */
	struct match *match; /* GROUP_MATCH */
	struct pick *pick;   /* NULL unless a tag of it was given */
	struct store *store; /* likewise */
	struct node *tests;
	struct node *block;
	struct node *otherwise; /* of if and elsif: elsif or else */
};

struct sieve_program {
	atomic_uint references;
	struct arena arena;
	const struct node *first;
	unsigned n_variables;
	bool uses_matches;    /* some string holds ${0} … */
	pcre2_code **regexes; /* all of them, to be freed */
	size_t n_regexes;
};

#endif
