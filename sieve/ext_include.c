/*
 * RFC 6609: include, return, and variables that scripts share.
 *
 * Programs are found while the script runs, by the caller, who caches them
 * like any other; so a changed script counts at once and one that is broken
 * breaks only those that get that far.
 */
#include "sieve/compile.h"
#include "sieve/text.h"

enum { LOCATION_PERSONAL = 1, LOCATION_GLOBAL };
enum { SCRIPT_NAME_MAX = 255 };

struct include {
	int location;
	bool once, optional;
	const struct text *name;
};

/* RFC 6609 3.2 and RFC 5804 1.6: a name is no path. */
static bool
is_script_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < ' ' || c == 0x7f || c == '/')
			return false;
	}
	return name.n > 0 && name.n <= SCRIPT_NAME_MAX && name.p[0] != '.' &&
	       slice_is_text(name);
}

static bool
include_check(struct compiler *compiler, struct node *node)
{
	const struct include *args = node->args;

	if (!text_is_fixed(args->name) || is_script_name(args->name->fixed))
		return true;
	return compile_error(compiler, "\"%.*s\" is no name for a script",
	    ERRORS_WORD(args->name->fixed));
}

static bool
was_included(const struct run *run, struct slice name, bool global)
{
	for (const struct included *i = run->included; i; i = i->next) {
		if (i->global == global && slice_eq(i->name, name))
			return true;
	}
	return false;
}

/* RFC 6609 3.2: a script that includes itself, directly or not, is wrong. */
static bool
is_running(const struct run *run, struct slice name, bool global)
{
	for (const struct frame *f = run->frame; f != NULL; f = f->below) {
		if (f->from_global == global && slice_eq(f->name, name))
			return true;
	}
	return false;
}

static int
check_limits(struct run *run, struct slice name, bool global)
{
	if (!is_script_name(name))
		return run_fail(
		    run, "\"%.*s\" is no name for a script", ERRORS_WORD(name));
	if (is_running(run, name, global))
		return run_fail(
		    run, "script \"%.*s\" includes itself", ERRORS_WORD(name));
	if (run->include_depth == SIEVE_INCLUDE_DEPTH_MAX)
		return run_limit(run, "include depth",
		    "scripts include each other more than %d deep",
		    SIEVE_INCLUDE_DEPTH_MAX);
	if (run->n_includes == SIEVE_INCLUDES_MAX)
		return run_limit(run, "includes",
		    "more than %d scripts are included", SIEVE_INCLUDES_MAX);
	return FLOW_NEXT;
}

static void
remember(struct run *run, struct slice name, bool global,
    struct sieve_program *program)
{
	struct included *i = arena_new(run->arena, struct included);

	i->name = name;
	i->global = global;
	i->program = program;
	i->next = run->included;
	run->included = i;
}

static int
run_included(struct run *run, struct slice name, bool global,
    const struct sieve_program *program)
{
	struct frame frame = {
		.program = program, .name = name, .from_global = global
	};
	struct iteration *iteration = run->iteration;
	int flow;

	run->iteration = NULL; /* loops are not seen from inside */
	run->include_depth++;
	flow = run_frame(run, &frame);
	run->include_depth--;
	run->iteration = iteration;
	return flow;
}

static int
include_run(struct run *run, const struct node *node)
{
	const struct include *args = node->args;
	bool global = args->location == LOCATION_GLOBAL;
	struct slice name = text_value(run, args->name);
	struct sieve_program *program = NULL;
	int r = 0;

	if (args->once && was_included(run, name, global))
		return FLOW_NEXT;
	if (check_limits(run, name, global) < 0)
		return RUN_FAIL;
	run->n_includes++;
	if (run->callbacks->include != NULL)
		r = run->callbacks->include(
		    run->context, global, name, &program);
	if (r < 0)
		return run_defer(run, "an included script");
	if (r == 0 && args->optional)
		return FLOW_NEXT;
	if (r == 0)
		return run_fail(run,
		    "there is no working script \"%.*s\" to "
		    "include",
		    ERRORS_WORD(name));
	remember(run, name, global, program);
	return run_included(run, name, global, program);
}

static int
return_run(struct run *run, const struct node *node)
{
	(void)run, (void)node;
	return FLOW_RETURN;
}

/* ---- global: 3.4 ---- */

struct global_command {
	const struct texts *names;
};

static bool
declare(struct compiler *compiler, const struct text *name)
{
	struct variable *v;

	for (v = compiler->variables; v != NULL; v = v->next) {
		if (slice_eq_nocase(v->name, name->fixed) && !v->global)
			return compile_error(compiler,
			    "\"%.*s\" was used before it was declared global",
			    ERRORS_WORD(name->fixed));
	}
	if (!text_is_fixed(name) || slice_find(name->fixed, '.') >= 0)
		return compile_error(
		    compiler, "\"global\" needs plain names of variables");
	if (!compile_variable(compiler, name->fixed, &v))
		return false;
	v->global = true;
	return true;
}

static bool
global_check(struct compiler *compiler, struct node *node)
{
	const struct global_command *args = node->args;

	if (!compile_has(compiler, &ext_variables))
		return compile_error(
		    compiler, "\"global\" needs require \"variables\"");
	for (size_t i = 0; i < args->names->n; i++) {
		if (!declare(compiler, &args->names->list[i]))
			return false;
	}
	return true;
}

static int
global_run(struct run *run, const struct node *node)
{
	(void)run, (void)node;
	return FLOW_NEXT; /* it told the compiler all there is */
}

static bool
global_value(struct run *run, struct slice name, struct slice *out)
{
	const struct variable_ref ref = { .global = true, .name = name };

	*out = text_get(run, &ref);
	return true;
}

static const struct sieve_param include_params[] = {
	PARAM("script name", VALUE_STRING, struct include, name),
	PARAM_END,
};
static const struct sieve_param global_params[] = {
	PARAM("variable names", VALUE_STRINGS, struct global_command, names),
	PARAM_END,
};

static const struct sieve_tag include_tags[] = {
	TAG_CHOICE(
	    "personal", GROUP_OWN, struct include, location, LOCATION_PERSONAL),
	TAG_CHOICE(
	    "global", GROUP_OWN, struct include, location, LOCATION_GLOBAL),
	TAG_FLAG("once", GROUP_OWN, struct include, once),
	TAG_FLAG("optional", GROUP_OWN, struct include, optional),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "include", WORD_COMMAND, .size = sizeof(struct include),
	    .params = include_params, .tags = include_tags,
	    .check = include_check, .run = include_run },
	{ "return", WORD_COMMAND, .run = return_run },
	{ "global", WORD_COMMAND, .size = sizeof(struct global_command),
	    .params = global_params, .check = global_check, .run = global_run },
	WORD_END,
};

const struct sieve_extension ext_include = {
	.name = "include",
	.words = words,
	.namespace = "global",
	.namespace_value = global_value,
};
