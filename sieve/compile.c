#include "sieve/compile.h"

#include <errno.h>
#include <stdlib.h>

#include "sieve/arguments.h"
#include "sieve/parser.h"
#include "sieve/run.h"

/* ---- Extensions ---- */

static int
more_index(
    const struct compiler *compiler, const struct sieve_extension *extension)
{
	const struct sieve_extension *const *more = compiler->options->more;

	for (int i = 0; more != NULL && more[i] != NULL; i++) {
		if (more[i] == extension)
			return i;
	}
	return -1;
}

bool
compile_has(
    const struct compiler *compiler, const struct sieve_extension *extension)
{
	int i = extension_index(extension);

	if (i >= 0)
		return compiler->required >> i & 1;
	i = more_index(compiler, extension);
	return i >= 0 && i < COMPILE_MORE_MAX && compiler->more_required[i];
}

static bool
require_more(struct compiler *compiler, struct slice name, bool really)
{
	const struct sieve_extension *const *more = compiler->options->more;

	for (int i = 0; more != NULL && more[i] != NULL; i++) {
		if (!slice_eq(slice_of(more[i]->name), name))
			continue;
		if (really && i < COMPILE_MORE_MAX)
			compiler->more_required[i] = true;
		return true;
	}
	return false;
}

bool
compile_offers(const struct compiler *compiler, struct slice name)
{
	int i = extension_find(name);

	if (i > 0) /* 0 is the core, which has no name */
		return compiler->allowed >> i & 1;
	return require_more((struct compiler *)compiler, name, false);
}

bool
compile_require(struct compiler *compiler, struct slice name)
{
	int i = extension_find(name);

	if (!compile_offers(compiler, name))
		return false;
	if (i < 0)
		return require_more(compiler, name, true);
	compiler->required |= (sieve_extension_set)1 << i;
	if (extension_table[i]->implies != NULL)
		(void)compile_require(
		    compiler, slice_of(extension_table[i]->implies));
	return true;
}

bool
compile_error(struct compiler *compiler, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	errors_add(compiler->errors, compiler->at, "%s", text);
	return false;
}

/* Calls on_extension for each one that the script may use now. */
bool
compile_each(const struct compiler *compiler,
    bool (*on_extension)(void *context, const struct sieve_extension *e),
    void *context)
{
	sieve_extension_set rest = compiler->required;
	const struct sieve_extension *const *more = compiler->options->more;

	for (; rest != 0; rest &= rest - 1) {
		if (on_extension(
			context, extension_table[__builtin_ctzll(rest)]))
			return true;
	}
	for (int i = 0; more != NULL && more[i] != NULL; i++) {
		if (compiler->more_required[i] &&
		    on_extension(context, more[i]))
			return true;
	}
	return false;
}

/* ---- Words ---- */

struct search {
	struct slice name;
	enum word_type type;
	const struct sieve_word *found;
};

static bool
search_word(void *context, const struct sieve_extension *extension)
{
	struct search *search = context;
	const struct sieve_word *word = extension->words;

	for (; word != NULL && word->name != NULL; word++) {
		if (word->type == search->type &&
		    slice_eq_nocase(search->name, slice_of(word->name))) {
			search->found = word;
			return true;
		}
	}
	return false;
}

/* Tells why a word is not known: a require forgotten, a test as a command. */
static void
unknown_word(struct compiler *compiler, struct search search)
{
	const char *kind = search.type == WORD_TEST ? "test" : "command";
	struct search other = search;

	for (size_t i = 0; i < extension_count(); i++) {
		if (!search_word(&search, extension_table[i]))
			continue;
		(void)compile_error(compiler,
		    "%s \"%.*s\" needs require \"%s\" at the top of the script",
		    kind, ERRORS_WORD(search.name), extension_table[i]->name);
		return;
	}
	other.type = search.type == WORD_TEST ? WORD_COMMAND : WORD_TEST;
	if (compile_each(compiler, search_word, &other))
		(void)compile_error(compiler, "\"%.*s\" is not a %s%s",
		    ERRORS_WORD(search.name), kind,
		    other.type == WORD_TEST ? ": tests belong behind \"if\""
					    : "");
	else
		(void)compile_error(compiler, "unknown %s \"%.*s\"", kind,
		    ERRORS_WORD(search.name));
}

static const struct sieve_word *
find_word(struct compiler *compiler, struct slice name, enum word_type type)
{
	struct search search = { name, type, NULL };

	if (!compile_each(compiler, search_word, &search))
		unknown_word(compiler, search);
	return search.found;
}

/* ---- Tests ---- */

static bool compile_test(
    struct compiler *compiler, const struct ast_node *ast, struct node *node);

/*
 * What is known of a test before any mail comes, by ihave alone: of allof,
 * anyof and not it follows from their parts.
 */
static void
fold(struct node *node, const struct sieve_word *word, int parts[3])
{
	int n = parts[0] + parts[1] + parts[2];

	if (slice_eq(slice_of(word->name), SLICE("not"))) {
		if (parts[CONSTANT_TRUE] > 0)
			node->constant = CONSTANT_FALSE;
		else if (parts[CONSTANT_FALSE] > 0)
			node->constant = CONSTANT_TRUE;
	} else if (slice_eq(slice_of(word->name), SLICE("allof"))) {
		if (parts[CONSTANT_FALSE] > 0)
			node->constant = CONSTANT_FALSE;
		else if (parts[CONSTANT_TRUE] == n)
			node->constant = CONSTANT_TRUE;
	} else if (slice_eq(slice_of(word->name), SLICE("anyof"))) {
		if (parts[CONSTANT_TRUE] > 0)
			node->constant = CONSTANT_TRUE;
		else if (parts[CONSTANT_FALSE] == n)
			node->constant = CONSTANT_FALSE;
	}
}

/* RFC 5463 4: behind an ihave that fails, allof never looks any further. */
static bool
is_cut_short(const struct sieve_word *word, const struct node *test)
{
	if (slice_eq(slice_of(word->name), SLICE("allof")))
		return test->constant == CONSTANT_FALSE;
	if (slice_eq(slice_of(word->name), SLICE("anyof")))
		return test->constant == CONSTANT_TRUE;
	return false;
}

static bool
compile_tests(struct compiler *compiler, const struct ast_node *ast,
    struct node *node, const struct sieve_word *word)
{
	struct node **end = &node->tests;
	int parts[3] = { 0, 0, 0 };
	bool ok = true;

	for (const struct ast_node *t = ast->tests; t != NULL; t = t->next) {
		struct node *test = arena_new(compiler->arena, struct node);

		if (!compile_test(compiler, t, test)) {
			ok = false;
			continue;
		}
		*end = test;
		end = &test->next;
		parts[test->constant]++;
		if (is_cut_short(word, test))
			break;
	}
	fold(node, word, parts);
	return ok;
}

static bool
check_tests(struct compiler *compiler, const struct ast_node *ast,
    const struct sieve_word *word)
{
	if (word->tests == TESTS_NONE && ast->tests != NULL) {
		compiler->at = ast->tests->at;
		return compile_error(compiler,
		    "\"%s\" takes no test: is a \";\" missing before "
		    "\"%.*s\"?",
		    word->name, ERRORS_WORD(ast->tests->word));
	}
	if (word->tests == TESTS_LIST && !ast->parenthesised)
		return compile_error(compiler,
		    "\"%s\" needs a list of tests in parentheses", word->name);
	if (word->tests == TESTS_ONE &&
	    (ast->tests == NULL || ast->parenthesised))
		return compile_error(
		    compiler, "\"%s\" needs exactly one test", word->name);
	return true;
}

/* Arguments and tests of a word, then its own check. */
static bool
compile_word(struct compiler *compiler, const struct ast_node *ast,
    struct node *node, const struct sieve_word *word)
{
	bool ok;

	node->word = word;
	node->at = ast->at;
	compiler->at = ast->at;
	ok = check_tests(compiler, ast, word);
	if (!arguments_compile(compiler, ast->arguments, node))
		return false;
	if (ok && word->tests != TESTS_NONE)
		ok = compile_tests(compiler, ast, node, word);
	compiler->at = ast->at;
	if (ok && word->check != NULL)
		ok = word->check(compiler, node);
	return ok;
}

static bool
compile_test(
    struct compiler *compiler, const struct ast_node *ast, struct node *node)
{
	const struct sieve_word *word;

	compiler->at = ast->at;
	if (ast->has_block)
		return compile_error(compiler, "a test has no block");
	word = find_word(compiler, ast->word, WORD_TEST);
	return word != NULL && compile_word(compiler, ast, node, word);
}

/* ---- Commands ---- */

static struct node *compile_block(
    struct compiler *compiler, const struct ast_node *ast);

static void
require_one(struct compiler *compiler, const struct ast_string *name)
{
	compiler->at = name->at;
	if (compile_require(compiler, name->text))
		return;
	if (extension_find(name->text) > 0)
		(void)compile_error(compiler,
		    "extension \"%.*s\" is switched off on this server",
		    ERRORS_WORD(name->text));
	else
		(void)compile_error(compiler,
		    "this server has no extension \"%.*s\"",
		    ERRORS_WORD(name->text));
}

/* RFC 5228 3.2 */
static void
compile_requires(struct compiler *compiler, const struct ast_node *ast)
{
	const struct ast_argument *list = ast->arguments;

	compiler->at = ast->at;
	if (!compiler->only_requires)
		(void)compile_error(compiler,
		    "\"require\" must stand before all other commands");
	if (list == NULL || list->strings == NULL || list->next != NULL ||
	    ast->tests != NULL || ast->has_block) {
		(void)compile_error(compiler,
		    "\"require\" needs a list of "
		    "extension names and nothing else");
		return;
	}
	for (const struct ast_string *s = list->strings; s != NULL; s = s->next)
		require_one(compiler, s);
}

/* if, elsif and else become nodes of this word; else has no test. */
static int run_if(struct run *run, const struct node *node);

static const struct sieve_word if_word = { "if", WORD_COMMAND, TESTS_ONE,
	.block = true, .run = run_if };

static int
run_if(struct run *run, const struct node *node)
{
	for (; node != NULL; node = node->otherwise) {
		int outcome =
		    node->tests == NULL ? 1 : run_test(run, node->tests);

		if (outcome < 0)
			return RUN_FAIL;
		if (outcome > 0)
			return run_block(run, node->block);
	}
	return FLOW_NEXT;
}

static bool
is_word(const struct ast_node *ast, const char *name)
{
	return ast != NULL && slice_eq_nocase(ast->word, slice_of(name));
}

/* One branch; *dead tells whether an earlier one is always taken. */
static struct node *
compile_branch(
    struct compiler *compiler, const struct ast_node *ast, bool *dead)
{
	struct node *node = arena_new(compiler->arena, struct node);
	int parts = CONSTANT_NOT;
	bool ok = true;

	node->word = &if_word;
	node->at = compiler->at = ast->at;
	if (!ast->has_block)
		ok = compile_error(compiler,
		    "\"%.*s\" needs a block in \"{\" "
		    "and \"}\"",
		    ERRORS_WORD(ast->word));
	if (ast->arguments != NULL)
		ok = compile_error(compiler,
		    "\"%.*s\" takes a test, no other "
		    "arguments",
		    ERRORS_WORD(ast->word));
	if (*dead || !ok)
		return node;
	if (!is_word(ast, "else")) {
		if (check_tests(compiler, ast, &if_word) &&
		    compile_tests(compiler, ast, node, &if_word) &&
		    node->tests != NULL)
			parts = node->tests->constant;
	} else if (ast->tests != NULL) {
		(void)compile_error(compiler, "\"else\" takes no test");
	}
	if (parts != CONSTANT_FALSE)
		node->block = compile_block(compiler, ast->block);
	*dead = parts == CONSTANT_TRUE;
	return node;
}

/* RFC 5228 3.1. *ast_io is left at the last branch. */
static struct node *
compile_if(struct compiler *compiler, const struct ast_node **ast_io)
{
	bool dead = false;
	struct node *first = compile_branch(compiler, *ast_io, &dead);
	struct node *last = first;

	while (is_word((*ast_io)->next, "elsif")) {
		*ast_io = (*ast_io)->next;
		last->otherwise = compile_branch(compiler, *ast_io, &dead);
		last = last->otherwise;
	}
	if (is_word((*ast_io)->next, "else")) {
		*ast_io = (*ast_io)->next;
		last->otherwise = compile_branch(compiler, *ast_io, &dead);
	}
	return first;
}

static struct node *
compile_plain(struct compiler *compiler, const struct ast_node *ast)
{
	const struct sieve_word *word;
	struct node *node;
	struct loop *loop = compiler->loop;

	compiler->at = ast->at;
	word = find_word(compiler, ast->word, WORD_COMMAND);
	if (word == NULL)
		return NULL;
	if (ast->has_block != word->block) {
		(void)compile_error(compiler,
		    word->block ? "\"%s\" needs a block in \"{\" and \"}\""
				: "\"%s\" has no block: it ends in \";\"",
		    word->name);
		return NULL;
	}
	node = arena_new(compiler->arena, struct node);
	if (!compile_word(compiler, ast, node, word))
		node = NULL;
	if (ast->has_block) {
		struct node *block = compile_block(compiler, ast->block);

		if (node != NULL)
			node->block = block;
	}
	compiler->loop = loop; /* a check may have opened one */
	return node;
}

static struct node *
compile_command(struct compiler *compiler, const struct ast_node **ast_io)
{
	const struct ast_node *ast = *ast_io;

	if (is_word(ast, "require")) {
		compile_requires(compiler, ast);
		return NULL;
	}
	compiler->only_requires = false;
	if (is_word(ast, "if"))
		return compile_if(compiler, ast_io);
	if (is_word(ast, "elsif") || is_word(ast, "else")) {
		compiler->at = ast->at;
		(void)compile_error(compiler,
		    "\"%.*s\" must follow the block of an \"if\" or \"elsif\"",
		    ERRORS_WORD(ast->word));
		return NULL;
	}
	return compile_plain(compiler, ast);
}

static struct node *
compile_block(struct compiler *compiler, const struct ast_node *ast)
{
	struct node *first = NULL, **end = &first;

	for (; ast != NULL; ast = ast->next) {
		struct node *node = compile_command(compiler, &ast);

		if (node == NULL)
			continue;
		*end = node;
		end = &node->next;
	}
	return first;
}

/* ---- Programs ---- */

void
compile_keep_regex(struct compiler *compiler, pcre2_code *code)
{
	struct sieve_program *program = compiler->program;

	if (program->n_regexes == compiler->regex_capacity) {
		size_t capacity = 2 * compiler->regex_capacity + 4;
		pcre2_code **grown = reallocarray(
		    program->regexes, capacity, sizeof(pcre2_code *));

		if (grown == NULL)
			abort(); /* as arenas do */
		program->regexes = grown;
		compiler->regex_capacity = capacity;
	}
	program->regexes[program->n_regexes++] = code;
}

static struct sieve_program *
program_new(void)
{
	struct sieve_program *program = calloc(1, sizeof *program);

	if (program == NULL)
		abort();
	atomic_init(&program->references, 1);
	return program;
}

struct sieve_program *
sieve_program_ref(struct sieve_program *program)
{
	(void)atomic_fetch_add_explicit(
	    &program->references, 1, memory_order_relaxed);
	return program;
}

void
sieve_program_unref(struct sieve_program *program)
{
	if (program == NULL || atomic_fetch_sub_explicit(&program->references,
				   1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < program->n_regexes; i++)
		pcre2_code_free(program->regexes[i]);
	free(program->regexes);
	arena_done(&program->arena);
	free(program);
}

size_t
sieve_program_size(const struct sieve_program *program)
{
	return sizeof *program + program->arena.used_bytes;
}

static void
compile_script(struct compiler *compiler, struct slice script)
{
	struct ast_node *ast;

	if (script.n > SIEVE_SCRIPT_MAX) {
		errors_add(compiler->errors, (struct place){ 1, 1 },
		    "the script has %zu octets; at most %d are allowed",
		    script.n, SIEVE_SCRIPT_MAX);
		return;
	}
	/* Strings of the program look into this copy. */
	script = arena_slice(compiler->arena, script);
	ast = parser_parse(
	    script, compiler->arena, compiler->scratch, compiler->errors);
	compiler->program->first = compile_block(compiler, ast);
	compiler->program->n_variables = compiler->n_slots;
}

int
sieve_compile(struct slice script, const struct sieve_options *options,
    struct sieve_program **program_out, struct sieve_errors *errors)
{
	const struct sieve_options defaults = { sieve_extensions_default(),
		NULL };
	struct arena scratch = ARENA_INIT;
	struct compiler compiler = { .program = program_new(),
		.options = options != NULL ? options : &defaults,
		.scratch = &scratch,
		.errors = errors,
		.only_requires = true,
		.required = 1 };

	compiler.arena = &compiler.program->arena;
	compiler.allowed =
	    compiler.options->extensions | extension_silent_set();
	compile_script(&compiler, script);
	arena_done(&scratch);
	if (errors->n > 0) {
		sieve_program_unref(compiler.program);
		return -EINVAL;
	}
	*program_out = compiler.program;
	return 0;
}
