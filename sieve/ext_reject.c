/*
 * RFC 5429: reject and ereject. How a refusal travels, as an SMTP reply or as
 * a message, is the caller's to decide.
 */
#include "sieve/action.h"
#include "sieve/text.h"

struct reject {
	const struct text *reason;
};

static int
refuse(struct run *run, const struct node *node, enum sieve_action_type type)
{
	const struct reject *args = node->args;
	struct sieve_action *action = action_add(run, type);

	if (action == NULL)
		return RUN_FAIL;
	action->reason = text_copy(run, args->reason);
	run->implicit_keep = false;
	return FLOW_NEXT;
}

static int
reject_run(struct run *run, const struct node *node)
{
	return refuse(run, node, SIEVE_REJECT);
}

static int
ereject_run(struct run *run, const struct node *node)
{
	return refuse(run, node, SIEVE_EREJECT);
}

static const struct sieve_param params[] = {
	PARAM("reason", VALUE_STRING, struct reject, reason),
	PARAM_END,
};

static const struct sieve_word reject_words[] = {
	{ "reject", WORD_COMMAND, .size = sizeof(struct reject),
	    .params = params, .run = reject_run },
	WORD_END,
};
static const struct sieve_word ereject_words[] = {
	{ "ereject", WORD_COMMAND, .size = sizeof(struct reject),
	    .params = params, .run = ereject_run },
	WORD_END,
};

const struct sieve_extension ext_reject = { .name = "reject",
	.words = reject_words };
const struct sieve_extension ext_ereject = {
	.name = "ereject", .words = ereject_words, .off_by_default = true
};
