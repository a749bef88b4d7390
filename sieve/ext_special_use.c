/*
 * RFC 8579: ":specialuse" and specialuse_exists.
 */
#include "sieve/match.h"
#include "sieve/text.h"

struct special_use {
	const struct texts *mailbox; /* one, or NULL: any */
	const struct texts *uses;
};

static int
ask(struct run *run, struct slice mailbox, struct slice use)
{
	int r = 0;

	if (run_charge(run, RUN_STEP_COST) < 0)
		return RUN_FAIL;
	if (run->callbacks->special_use != NULL)
		r = run->callbacks->special_use(run->context, mailbox, use);
	return r < 0 ? run_defer(run, "a special use") : r;
}

/* All of them, of this mailbox or of any. */
static int
specialuse_exists_run(struct run *run, const struct node *node)
{
	const struct special_use *args = node->args;
	struct slice mailbox = { "", 0 };
	int r = 1;

	if (args->mailbox != NULL)
		mailbox = text_value(run, &args->mailbox->list[0]);
	for (size_t i = 0; i < args->uses->n && r > 0; i++)
		r = ask(run, mailbox, text_value(run, &args->uses->list[i]));
	return r;
}

static const struct sieve_param params[] = {
	PARAM_OPTIONAL("mailbox", VALUE_ONE, struct special_use, mailbox),
	PARAM("special uses", VALUE_STRINGS, struct special_use, uses),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "specialuse_exists", WORD_TEST, .size = sizeof(struct special_use),
	    .params = params, .run = specialuse_exists_run },
	WORD_END,
};

static const struct sieve_tag tags[] = {
	TAG_VALUE(
	    "specialuse", GROUP_FILE, VALUE_STRING, struct store, special_use),
	TAG_END,
};

const struct sieve_extension ext_special_use = {
	.name = "special-use",
	.words = words,
	.tags = tags,
	.off_by_default = true,
};
