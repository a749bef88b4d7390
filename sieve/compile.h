/*
 * sieve/compile.h - a tree becomes a program: what extensions may ask of it.
 *
 * The compiler looks every word up among the extensions that the script has
 * required, puts arguments where the tables of extension.h say, and lets the
 * word's own check have the last say. It goes on after an error, so that all
 * mistakes of a script are told at once.
 */
#ifndef HAUSPOST_SIEVE_COMPILE_H
#define HAUSPOST_SIEVE_COMPILE_H

#include "sieve/extension.h"

enum { COMPILE_MORE_MAX = 8 };

struct variable {
	struct variable *next;
	struct slice name;   /* as the script has it */
	struct slice stored; /* without "global." */
	unsigned slot;
	bool global; /* RFC 6609: lives in the run, not in the script */
};

struct loop {
	struct loop *outer;
	struct slice name;
};

struct compiler {
	struct sieve_program *program;
	struct arena *arena;   /* the program's */
	struct arena *scratch; /* gone when the compiler is */
	const struct sieve_options *options;
	sieve_extension_set allowed, required;
	bool more_required[COMPILE_MORE_MAX];
	struct sieve_errors *errors;
	struct variable *variables;
	unsigned n_variables, n_slots;
	struct loop *loop; /* foreverypart around the command */
	size_t regex_capacity;
	bool only_requires; /* nothing else was met yet */
	struct place at;    /* where errors are placed */
};

/* Has the script required it? */
bool compile_has(
    const struct compiler *compiler, const struct sieve_extension *extension);

/* require and ihave; false when we do not have it, or not for this script. */
bool compile_require(struct compiler *compiler, struct slice name);
bool compile_offers(const struct compiler *compiler, struct slice name);

/* An error at the word at hand; always false, for check functions. */
bool compile_error(struct compiler *compiler, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Calls on_extension for each one required, until it returns true. */
bool compile_each(const struct compiler *compiler,
    bool (*on_extension)(void *context, const struct sieve_extension *e),
    void *context);

/* A string of the script, with its variables found. */
bool compile_text(struct compiler *compiler, const struct ast_string *string,
    struct text *text_out);

/*
 * The variable of that name, made when it is new. False after an error: not a
 * name, in a namespace that cannot be written, or one variable too many.
 */
bool compile_variable(
    struct compiler *compiler, struct slice name, struct variable **out);

/* The same for the argument of a command that writes the variable. */
bool compile_target(struct compiler *compiler, const struct text *name,
    struct variable_ref *ref_out);

/* A name as RFC 5229 3 has it: a letter or "_", then digits too. */
bool compile_is_name(struct slice name);

/* The program frees it with itself. */
void compile_keep_regex(struct compiler *compiler, pcre2_code *code);

static inline bool
text_is_fixed(const struct text *text)
{
	return text->parts == NULL;
}

#endif
