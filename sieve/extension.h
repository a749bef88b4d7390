/*
 * sieve/extension.h - words, tags and how an extension registers them.
 *
 * The core of RFC 5228 is the extension with the empty name. An extension is
 * one file that ends in one const struct; extension.c lists them all.
 *
 * A word (command or test) says what stands behind it: positional arguments
 * and own tags are written into a struct of its own, at the offsets named in
 * the tables. Tags that belong to a whole family of words, and to which other
 * extensions add (":copy", ":index", ":regex"), go by groups: a word joins
 * groups, a tag names the one it is for, and lands in the struct of program.h
 * that belongs to the group.
 */
#ifndef HAUSPOST_SIEVE_EXTENSION_H
#define HAUSPOST_SIEVE_EXTENSION_H

#include <stddef.h>

#include "sieve/ast.h"
#include "sieve/program.h"

struct compiler;

enum group {
	GROUP_OWN = 0,		  /* the word's args */
	GROUP_MATCH = 1 << 0,	  /* node->match: match type, comparator */
	GROUP_ADDRESS = 1 << 1,	  /* node->pick: :localpart … */
	GROUP_INDEX = 1 << 2,	  /* node->pick: :index :last */
	GROUP_MIME = 1 << 3,	  /* node->pick: :mime :anychild */
	GROUP_ASPECT = 1 << 4,	  /* node->pick: :type :subtype … */
	GROUP_FLAGS = 1 << 5,	  /* node->store: :flags */
	GROUP_FILE = 1 << 6,	  /* node->store: :create :specialuse … */
	GROUP_COPY = 1 << 7,	  /* node->store: :copy */
	GROUP_SEND = 1 << 8,	  /* node->store: :notify :ret */
	GROUP_FCC = 1 << 9,	  /* node->store: :fcc, then FLAGS and FILE */
	GROUP_MODIFY = 1 << 10,	  /* args begin with a struct modifiers */
	GROUP_VACATION = 1 << 11, /* args are those of vacation */
	GROUP_SPAM = 1 << 12,	  /* args are those of spamtest */
	GROUP_EDIT = 1 << 13,	  /* node->pick, by deleteheader's own tags */
};

enum value_type {
	VALUE_STRING,	      /* const struct text * */
	VALUE_STRINGS,	      /* const struct texts * */
	VALUE_ONE,	      /* const struct texts *, but of one string */
	VALUE_NUMBER,	      /* const uint64_t * */
	VALUE_KEY,	      /* one string; node->match->keys */
	VALUE_KEYS,	      /* string list; node->match->keys */
	VALUE_FLAG,	      /* bool; tags only */
	VALUE_CHOICE,	      /* int, one of several tags; tags only */
	VALUE_CHOICE_STRING,  /* int, and a string; tags only */
	VALUE_CHOICE_STRINGS, /* int, and a string list; tags only */
};

/* A positional argument. name is for error messages; NULL ends the list. */
struct sieve_param {
	const char *name;
	enum value_type type;
	size_t at;
	bool optional; /* the first or the last: may be left out */
};

struct sieve_tag {
	const char *name; /* without its colon; NULL ends the list */
	enum group group;
	enum value_type type;
	size_t at;
	int choice;
	size_t text_at; /* of VALUE_CHOICE_STRING and _STRINGS */
};

/* Table entries; s is the struct that field belongs to. */
#define PARAM(its_name, its_type, s, field)                                    \
	{                                                                      \
		.name = its_name, .type = its_type, .at = offsetof(s, field)   \
	}
#define PARAM_OPTIONAL(its_name, its_type, s, field)                           \
	{                                                                      \
		.name = its_name, .type = its_type, .at = offsetof(s, field),  \
		.optional = true                                               \
	}
#define PARAM_KEYS(its_type)                                                   \
	{                                                                      \
		.name = "keys", .type = its_type                               \
	}
/* At the end: a word that matches only when it has keys. */
#define PARAM_KEYS_OPTIONAL                                                    \
	{                                                                      \
		.name = "keys", .type = VALUE_KEYS, .optional = true           \
	}
#define PARAM_END                                                              \
	{                                                                      \
		.name = NULL                                                   \
	}

#define TAG_FLAG(its_name, its_group, s, field)                                \
	{                                                                      \
		.name = its_name, .group = its_group, .type = VALUE_FLAG,      \
		.at = offsetof(s, field)                                       \
	}
#define TAG_VALUE(its_name, its_group, its_type, s, field)                     \
	{                                                                      \
		.name = its_name, .group = its_group, .type = its_type,        \
		.at = offsetof(s, field)                                       \
	}
#define TAG_CHOICE(its_name, its_group, s, field, value)                       \
	{                                                                      \
		.name = its_name, .group = its_group, .type = VALUE_CHOICE,    \
		.at = offsetof(s, field), .choice = value                      \
	}
/* With a value behind it, which goes to text_field. */
#define TAG_CHOICE_OF(                                                         \
    its_name, its_group, its_type, s, field, value, text_field)                \
	{                                                                      \
		.name = its_name, .group = its_group, .type = its_type,        \
		.at = offsetof(s, field), .choice = value,                     \
		.text_at = offsetof(s, text_field)                             \
	}
#define TAG_END                                                                \
	{                                                                      \
		.name = NULL                                                   \
	}
#define WORD_END                                                               \
	{                                                                      \
		.name = NULL                                                   \
	}

enum word_type { WORD_COMMAND, WORD_TEST };
enum tests_type { TESTS_NONE, TESTS_ONE, TESTS_LIST };

/* What a command's run function returns; a test returns 1, 0 or RUN_FAIL. */
enum flow {
	RUN_FAIL = -1, /* run_fail() and the like have said why */
	FLOW_NEXT,
	FLOW_STOP,   /* the whole script ends */
	FLOW_RETURN, /* an included script ends */
	FLOW_BREAK,  /* run->breaking says which loop ends */
};

struct sieve_word {
	const char *name; /* NULL ends the list */
	enum word_type type;
	enum tests_type tests;
	bool block;
	unsigned groups;
	size_t size; /* of the args */
	const struct sieve_param *params;
	const struct sieve_tag *tags;
	/* Runs when all arguments are in; may refuse. NULL: nothing to do. */
	bool (*check)(struct compiler *compiler, struct node *node);
	int (*run)(struct run *run, const struct node *node);
};

struct sieve_extension {
	const char *name;
	const struct sieve_word *words;
	const struct sieve_tag *tags;
	/* A namespace for variables, such as "env"; NULL: none. */
	const char *namespace;
	bool (*namespace_value)(
	    struct run *run, struct slice name, struct slice *out);
	/* Rewrites a string of the script before variables are looked for. */
	bool (*rewrite)(struct compiler *compiler, struct slice *text);
	const char *implies; /* required along with it */
	/* Not required but offered by what the engine is, such as
	 * comparator-i;octet: left out of what a server announces. */
	bool silent;
	bool off_by_default; /* a site switches it on */
};

extern const struct sieve_extension *const extension_table[];
size_t extension_count(void);

/* Those a script needs not ask a server for: silent ones. */
sieve_extension_set extension_silent_set(void);

/* Index in the table, or -1. */
int extension_find(struct slice name);
int extension_index(const struct sieve_extension *extension);

/* ---- The extensions ---- */
extern const struct sieve_extension ext_core, ext_fileinto, ext_envelope,
    ext_encoded_character, ext_comparator_octet, ext_comparator_casemap,
    ext_comparator_numeric, ext_copy, ext_subaddress, ext_relational, ext_regex,
    ext_variables, ext_imap4flags, ext_imapflags, ext_mailbox, ext_date,
    ext_index, ext_vacation, ext_vacation_seconds, ext_reject, ext_ereject,
    ext_enotify, ext_notify, ext_include, ext_ihave, ext_environment,
    ext_duplicate, ext_editheader, ext_spamtest, ext_spamtestplus,
    ext_virustest, ext_special_use, ext_body, ext_mime, ext_foreverypart,
    ext_extracttext, ext_replace, ext_enclose, ext_fcc, ext_mailboxid,
    ext_mboxmetadata, ext_servermetadata, ext_envelope_dsn, ext_redirect_dsn,
    ext_extlists;

#endif
