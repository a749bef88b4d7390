/*
 * RFC 6134: lists kept outside of scripts: ":list" and valid_ext_list.
 */
#include "sieve/match.h"
#include "sieve/text.h"

struct lists {
	const struct texts *names;
};

static int
valid_ext_list_run(struct run *run, const struct node *node)
{
	const struct lists *args = node->args;
	int r = run->callbacks->list_exists != NULL;

	for (size_t i = 0; i < args->names->n && r > 0; i++) {
		if (run_charge(run, RUN_STEP_COST) < 0)
			return RUN_FAIL;
		r = run->callbacks->list_exists(
		    run->context, text_value(run, &args->names->list[i]));
	}
	return r < 0 ? run_defer(run, "an external list") : r;
}

static const struct sieve_param params[] = {
	PARAM("list names", VALUE_STRINGS, struct lists, names),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "valid_ext_list", WORD_TEST, .size = sizeof(struct lists),
	    .params = params, .run = valid_ext_list_run },
	WORD_END,
};

static const struct sieve_tag tags[] = {
	TAG_CHOICE("list", GROUP_MATCH, struct match, type, MATCH_LIST),
	TAG_FLAG("list", GROUP_SEND, struct store, list),
	TAG_END,
};

const struct sieve_extension ext_extlists = {
	.name = "extlists",
	.words = words,
	.tags = tags,
	.off_by_default = true,
};
