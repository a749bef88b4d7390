/*
 * RFC 5703 7: extracttext puts the text of a part into a variable.
 */
#include "sieve/compile.h"
#include "sieve/mime.h"
#include "sieve/modify.h"
#include "sieve/text.h"

struct extracttext {
	struct modifiers modifiers; /* first: GROUP_MODIFY */
	const uint64_t *first;
	const struct text *name;
	struct variable_ref variable;
};

static bool
extracttext_check(struct compiler *compiler, struct node *node)
{
	struct extracttext *args = node->args;

	if (!compile_has(compiler, &ext_variables))
		return compile_error(
		    compiler, "\"extracttext\" needs require \"variables\"");
	if (compiler->loop == NULL)
		return compile_error(compiler,
		    "\"extracttext\" stands outside of \"foreverypart\"");
	return compile_target(compiler, args->name, &args->variable);
}

/* Octets of the first n characters. */
static size_t
characters(struct slice s, uint64_t n)
{
	size_t i = 0;

	for (; i < s.n; i++) {
		if (((unsigned char)s.p[i] & 0xC0) != 0x80 && n-- == 0)
			break;
	}
	return i;
}

/* 7: of a part that holds others, nothing. */
static int
extracttext_run(struct run *run, const struct node *node)
{
	const struct extracttext *args = node->args;
	const struct part *part = mime_current(run);
	struct slice text = { "", 0 };

	if (part == NULL)
		return RUN_FAIL;
	if (!mime_content(run, part, true, &text))
		return RUN_FAIL;
	/* Cut before it is modified: no modifier makes text shorter. */
	text = text_cut(text, SIEVE_VARIABLE_MAX);
	if (args->first != NULL)
		text = slice_head(text, characters(text, *args->first));
	if (run_charge(run, text.n) < 0)
		return RUN_FAIL;
	text_set(run, &args->variable, modify(run, &args->modifiers, text));
	return FLOW_NEXT;
}

static const struct sieve_param params[] = {
	PARAM("name", VALUE_STRING, struct extracttext, name),
	PARAM_END,
};

static const struct sieve_tag own_tags[] = {
	TAG_VALUE("first", GROUP_OWN, VALUE_NUMBER, struct extracttext, first),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "extracttext", WORD_COMMAND, .groups = GROUP_MODIFY,
	    .size = sizeof(struct extracttext), .params = params,
	    .tags = own_tags, .check = extracttext_check,
	    .run = extracttext_run },
	WORD_END,
};

const struct sieve_extension ext_extracttext = { .name = "extracttext",
	.words = words };
