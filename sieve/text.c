#include "sieve/text.h"

#include "sieve/compile.h"

/* What one string may grow to: a message of its own is no longer a value. */
enum { TEXT_MAX = 64 * 1024 };

/* ---- Compiling ---- */

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
compile_is_name(struct slice name)
{
	if (name.n == 0 || !is_alpha(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++) {
		if (!is_alpha(name.p[i]) && !is_digit(name.p[i]))
			return false;
	}
	return true;
}

static struct variable *
find_variable(struct compiler *compiler, struct slice name)
{
	struct variable *v = compiler->variables;

	while (v != NULL && !slice_eq_nocase(v->name, name))
		v = v->next;
	return v;
}

static bool
new_variable(
    struct compiler *compiler, struct slice name, struct variable **out)
{
	struct variable *v;

	if (compiler->n_variables == SIEVE_VARIABLES_MAX)
		return compile_error(compiler,
		    "a script may have at most %d variables",
		    SIEVE_VARIABLES_MAX);
	compiler->n_variables++;
	v = arena_new(compiler->arena, struct variable);
	v->name = name;
	v->slot = compiler->n_slots++;
	v->next = compiler->variables;
	compiler->variables = v;
	*out = v;
	return true;
}

static bool
is_global(const struct compiler *compiler, struct slice name)
{
	return slice_starts_nocase(name, SLICE("global.")) &&
	       compile_has(compiler, &ext_include);
}

bool
compile_variable(
    struct compiler *compiler, struct slice name, struct variable **out)
{
	struct slice own = name;

	/* RFC 6609 3.4.3: the one namespace that can be written. */
	if (is_global(compiler, name))
		own = slice_tail(name, sizeof "global." - 1);
	else if (slice_find(name, '.') >= 0)
		return compile_error(compiler,
		    "\"%.*s\" is in a namespace that cannot be written here",
		    ERRORS_WORD(name));
	if (!compile_is_name(own))
		return compile_error(compiler,
		    "\"%.*s\" is no name for a variable: it needs letters, "
		    "digits and \"_\", and no digit first",
		    ERRORS_WORD(name));
	*out = find_variable(compiler, name);
	if (*out != NULL)
		return true;
	if (!new_variable(compiler, name, out))
		return false;
	(*out)->global = own.n < name.n;
	(*out)->stored = own;
	return true;
}

bool
compile_target(struct compiler *compiler, const struct text *name,
    struct variable_ref *ref_out)
{
	struct variable *variable;

	if (!text_is_fixed(name))
		return compile_error(
		    compiler, "the name of a variable cannot be a variable");
	if (!compile_variable(compiler, name->fixed, &variable))
		return false;
	*ref_out = (struct variable_ref){ variable->slot, variable->global,
		variable->stored };
	return true;
}

struct namespace_search {
	struct slice name;
	const struct sieve_extension *found;
};

static bool
has_namespace(void *context, const struct sieve_extension *extension)
{
	struct namespace_search *search = context;

	if (extension->namespace == NULL ||
	    !slice_eq_nocase(search->name, slice_of(extension->namespace)))
		return false;
	search->found = extension;
	return true;
}

static bool
is_namespaced(struct slice name)
{
	struct slice rest = name, label;

	while (slice_cut(&rest, '.', &label)) {
		if (!compile_is_name(label))
			return false;
	}
	return slice_find(name, '.') >= 0;
}

static bool
foreign_part(
    struct compiler *compiler, struct slice name, struct text_part *part)
{
	size_t dot = (size_t)slice_find(name, '.');
	struct namespace_search search = { slice_head(name, dot), NULL };

	if (!compile_each(compiler, has_namespace, &search))
		return compile_error(compiler,
		    "\"${%.*s}\": there is no namespace \"%.*s\" here",
		    ERRORS_WORD(name), ERRORS_WORD(search.name));
	part->type = PART_FOREIGN;
	part->text = slice_tail(name, dot + 1);
	part->value = search.found->namespace_value;
	return true;
}

static bool
match_part(struct compiler *compiler, struct slice name, struct text_part *part)
{
	unsigned long long n;

	if (!slice_number(name, MATCH_VALUES_MAX - 1, &n))
		return compile_error(compiler,
		    "\"${%.*s}\": match variables go up to ${%d}",
		    ERRORS_WORD(name), MATCH_VALUES_MAX - 1);
	part->type = PART_MATCH;
	part->slot = (unsigned)n;
	compiler->program->uses_matches = true;
	return true;
}

static bool
variable_part(
    struct compiler *compiler, struct slice name, struct text_part *part)
{
	struct variable *variable;

	if (is_digit(name.p[0]))
		return match_part(compiler, name, part);
	if (slice_find(name, '.') >= 0)
		return foreign_part(compiler, name, part);
	if (!compile_variable(compiler, name, &variable))
		return false;
	part->type = variable->global ? PART_GLOBAL : PART_VARIABLE;
	part->slot = variable->slot;
	part->text = variable->stored;
	return true;
}

static bool
is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
	}
	return s.n > 0;
}

/*
 * The next "${name}" in s: its offset, its name. What only looks like one,
 * such as "${" or "${a b}", stands for itself (RFC 5229 3).
 */
static bool
find_reference(struct slice s, size_t *at_out, struct slice *name_out)
{
	for (size_t i = 0; i + 2 < s.n; i++) {
		struct slice name;
		long end;

		if (s.p[i] != '$' || s.p[i + 1] != '{')
			continue;
		end = slice_find(slice_tail(s, i + 2), '}');
		if (end < 0)
			return false;
		name = slice_head(slice_tail(s, i + 2), (size_t)end);
		if (!compile_is_name(name) && !is_number(name) &&
		    !is_namespaced(name))
			continue;
		*at_out = i;
		*name_out = name;
		return true;
	}
	return false;
}

static struct text_part *
add_part(struct compiler *compiler, struct text_part ***end)
{
	struct text_part *part = arena_new(compiler->arena, struct text_part);

	**end = part;
	*end = &part->next;
	return part;
}

static void
add_literal(
    struct compiler *compiler, struct text_part ***end, struct slice text)
{
	if (text.n > 0)
		add_part(compiler, end)->text = text;
}

static bool
split(struct compiler *compiler, struct slice s, struct text *text)
{
	struct text_part *first = NULL, **end = &first;
	struct slice name;
	size_t at;

	while (find_reference(s, &at, &name)) {
		add_literal(compiler, &end, slice_head(s, at));
		if (!variable_part(compiler, name, add_part(compiler, &end)))
			return false;
		s = slice_tail(s, at + name.n + 3);
	}
	if (first != NULL)
		add_literal(compiler, &end, s);
	text->parts = first;
	return true;
}

struct rewriting {
	struct compiler *compiler;
	struct slice text;
	bool failed;
};

static bool
rewrite(void *context, const struct sieve_extension *extension)
{
	struct rewriting *rewriting = context;

	if (extension->rewrite == NULL)
		return false;
	rewriting->failed =
	    !extension->rewrite(rewriting->compiler, &rewriting->text);
	return rewriting->failed;
}

bool
compile_text(struct compiler *compiler, const struct ast_string *string,
    struct text *text_out)
{
	struct rewriting rewriting = { compiler, string->text, false };

	compiler->at = string->at;
	if (slice_find(string->text, '{') >= 0)
		(void)compile_each(compiler, rewrite, &rewriting);
	if (rewriting.failed)
		return false;
	text_out->fixed = rewriting.text;
	if (!compile_has(compiler, &ext_variables))
		return true;
	return split(compiler, text_out->fixed, text_out);
}

/* ---- Running ---- */

struct slice
text_cut(struct slice s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xC0) == 0x80)
		max--;
	return slice_head(s, max);
}

static struct slice
global_value(struct run *run, struct slice name)
{
	for (struct global *g = run->globals; g != NULL; g = g->next) {
		if (slice_eq_nocase(g->name, name))
			return g->value;
	}
	return (struct slice){ "", 0 };
}

static struct slice
part_value(struct run *run, const struct text_part *part)
{
	struct slice value = { "", 0 };

	switch (part->type) {
	case PART_LITERAL:
		return part->text;
	case PART_VARIABLE:
		return run->frame->variables[part->slot];
	case PART_GLOBAL:
		return global_value(run, part->text);
	case PART_MATCH:
		if (part->slot < run->frame->n_matches)
			return run->frame->matches[part->slot];
		return value;
	case PART_FOREIGN:
		if (!part->value(run, part->text, &value))
			return (struct slice){ "", 0 };
		return value;
	}
	return value;
}

struct slice
text_expand(struct run *run, const struct text *text)
{
	const struct text_part *part = text->parts;
	size_t n = 0;
	char *to;

	if (part->next == NULL) /* a lone variable needs no copy */
		return part_value(run, part);
	for (; part != NULL && n <= TEXT_MAX; part = part->next)
		n += part_value(run, part).n;
	to = arena_alloc(run->arena, n + 1);
	n = 0;
	for (part = text->parts; part != NULL; part = part->next) {
		struct slice value = part_value(run, part);

		if (value.n > TEXT_MAX - n)
			break;
		if (value.n > 0)
			(void)memcpy(to + n, value.p, value.n);
		n += value.n;
	}
	(void)run_charge(run, n); /* the next step notices */
	return (struct slice){ to, n };
}

struct slice
text_get(struct run *run, const struct variable_ref *ref)
{
	return ref->global ? global_value(run, ref->name)
			   : run->frame->variables[ref->slot];
}

struct slice
text_copy(struct run *run, const struct text *text)
{
	return arena_slice(run->arena, text_or_empty(run, text));
}

static void
set_global(struct run *run, struct slice name, struct slice value)
{
	struct global *g = run->globals;

	while (g != NULL && !slice_eq_nocase(g->name, name))
		g = g->next;
	if (g == NULL) {
		g = arena_new(run->arena, struct global);
		g->name = name;
		g->next = run->globals;
		run->globals = g;
	}
	g->value = value;
}

void
text_set(struct run *run, const struct variable_ref *ref, struct slice value)
{
	/* RFC 5229 6: a longer value is cut, it must not be an error. */
	value = text_cut(value, SIEVE_VARIABLE_MAX);
	if (ref->global)
		set_global(run, ref->name, value);
	else
		run->frame->variables[ref->slot] = value;
}
