/*
 * RFC 5703 3: foreverypart and break.
 */
#include "sieve/compile.h"
#include "sieve/mime.h"
#include "sieve/text.h"

struct foreverypart {
	const struct text *name;
};

static bool
foreverypart_check(struct compiler *compiler, struct node *node)
{
	const struct foreverypart *args = node->args;
	struct loop *loop = arena_new(compiler->scratch, struct loop);

	if (args->name != NULL && !text_is_fixed(args->name))
		return compile_error(
		    compiler, "the name of a loop cannot be a variable");
	if (args->name != NULL)
		loop->name = args->name->fixed;
	loop->outer = compiler->loop;
	compiler->loop = loop; /* until the block ends */
	return true;
}

/* The loop that is broken is this one, or one around it. */
static bool
is_broken(const struct run *run, struct slice name)
{
	return run->breaking.n == 0 || slice_eq(run->breaking, name);
}

static int
foreverypart_run(struct run *run, const struct node *node)
{
	const struct foreverypart *args = node->args;
	struct iteration iteration = { .outer = run->iteration,
		.name = text_or_empty(run, args->name) };
	const struct part *top = mime_current(run), *part = top;
	int flow = FLOW_NEXT;

	if (top == NULL)
		return RUN_FAIL;
	/* 3: an inner loop walks what the part of the outer one holds. */
	if (run->iteration != NULL)
		part = mime_next(top, top);
	run->iteration = &iteration;
	for (; part != NULL && flow == FLOW_NEXT; part = mime_next(top, part)) {
		iteration.part = part;
		flow = run_charge(run, RUN_STEP_COST) < 0
			   ? RUN_FAIL
			   : run_block(run, node->block);
	}
	run->iteration = iteration.outer;
	if (flow == FLOW_BREAK && is_broken(run, iteration.name))
		return FLOW_NEXT;
	return flow;
}

struct break_command {
	const struct text *name;
};

static bool
break_check(struct compiler *compiler, struct node *node)
{
	const struct break_command *args = node->args;
	const struct loop *loop = compiler->loop;

	if (loop == NULL)
		return compile_error(
		    compiler, "\"break\" stands outside of \"foreverypart\"");
	if (args->name == NULL)
		return true;
	while (loop != NULL && !slice_eq(loop->name, args->name->fixed))
		loop = loop->outer;
	return loop != NULL ||
	       compile_error(compiler, "no loop around has the name \"%.*s\"",
		   ERRORS_WORD(args->name->fixed));
}

static int
break_run(struct run *run, const struct node *node)
{
	const struct break_command *args = node->args;

	run->breaking = text_or_empty(run, args->name);
	return FLOW_BREAK;
}

static const struct sieve_tag loop_tags[] = {
	TAG_VALUE("name", GROUP_OWN, VALUE_STRING, struct foreverypart, name),
	TAG_END,
};
static const struct sieve_tag break_tags[] = {
	TAG_VALUE("name", GROUP_OWN, VALUE_STRING, struct break_command, name),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "foreverypart", WORD_COMMAND, .block = true,
	    .size = sizeof(struct foreverypart), .tags = loop_tags,
	    .check = foreverypart_check, .run = foreverypart_run },
	{ "break", WORD_COMMAND, .size = sizeof(struct break_command),
	    .tags = break_tags, .check = break_check, .run = break_run },
	WORD_END,
};

const struct sieve_extension ext_foreverypart = { .name = "foreverypart",
	.words = words };
