/*
 * RFC 5229: variables. References are found by text.c.
 */
#include "sieve/match.h"
#include "sieve/modify.h"
#include "sieve/text.h"

struct set {
	struct modifiers modifiers; /* first: GROUP_MODIFY */
	const struct text *name, *value;
	struct variable_ref variable;
};

static bool
set_check(struct compiler *compiler, struct node *node)
{
	struct set *args = node->args;

	return compile_target(compiler, args->name, &args->variable);
}

static int
set_run(struct run *run, const struct node *node)
{
	const struct set *args = node->args;
	struct slice value = text_value(run, args->value);

	if (run_charge(run, value.n) < 0)
		return RUN_FAIL;
	text_set(run, &args->variable, modify(run, &args->modifiers, value));
	return FLOW_NEXT;
}

struct string {
	const struct texts *sources;
};

/* RFC 5229 5: with :count the strings that are not empty are counted. */
static int
string_run(struct run *run, const struct node *node)
{
	const struct string *args = node->args;
	struct matching m;
	int r = 0;

	matching_start(&m, run, node->match);
	for (size_t i = 0; i < args->sources->n && r == 0; i++) {
		struct slice value = text_value(run, &args->sources->list[i]);

		if (value.n > 0 || node->match->type != MATCH_COUNT)
			r = matching_value(&m, value);
	}
	return r < 0 ? RUN_FAIL : matching_end(&m);
}

static const struct sieve_param set_params[] = {
	PARAM("name", VALUE_STRING, struct set, name),
	PARAM("value", VALUE_STRING, struct set, value),
	PARAM_END,
};
static const struct sieve_param string_params[] = {
	PARAM("source", VALUE_STRINGS, struct string, sources),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "set", WORD_COMMAND, .groups = GROUP_MODIFY,
	    .size = sizeof(struct set), .params = set_params,
	    .check = set_check, .run = set_run },
	{ "string", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct string), .params = string_params,
	    .run = string_run },
	WORD_END,
};

#define MODIFIER(name, slot, value)                                            \
	TAG_CHOICE(name, GROUP_MODIFY, struct modifiers, slot, value)

static const struct sieve_tag tags[] = {
	MODIFIER("lower", letters, MODIFY_LOWER),
	MODIFIER("upper", letters, MODIFY_UPPER),
	MODIFIER("lowerfirst", first, MODIFY_LOWERFIRST),
	MODIFIER("upperfirst", first, MODIFY_UPPERFIRST),
	MODIFIER("quotewildcard", quote, MODIFY_QUOTEWILDCARD),
	MODIFIER("length", length, MODIFY_LENGTH),
	TAG_END,
};

const struct sieve_extension ext_variables = {
	.name = "variables", .words = words, .tags = tags
};
