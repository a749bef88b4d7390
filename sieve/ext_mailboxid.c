/*
 * RFC 9042: ":mailboxid" and mailboxidexists.
 */
#include "sieve/match.h"
#include "sieve/text.h"

struct ids {
	const struct texts *ids;
};

static int
mailboxidexists_run(struct run *run, const struct node *node)
{
	const struct ids *args = node->args;
	int r = run->callbacks->mailbox_id != NULL;

	for (size_t i = 0; i < args->ids->n && r > 0; i++) {
		if (run_charge(run, RUN_STEP_COST) < 0)
			return RUN_FAIL;
		r = run->callbacks->mailbox_id(
		    run->context, text_value(run, &args->ids->list[i]));
	}
	return r < 0 ? run_defer(run, "a mailbox id") : r;
}

static const struct sieve_param params[] = {
	PARAM("mailbox ids", VALUE_STRINGS, struct ids, ids),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "mailboxidexists", WORD_TEST, .size = sizeof(struct ids),
	    .params = params, .run = mailboxidexists_run },
	WORD_END,
};

static const struct sieve_tag tags[] = {
	TAG_VALUE(
	    "mailboxid", GROUP_FILE, VALUE_STRING, struct store, mailbox_id),
	TAG_END,
};

const struct sieve_extension ext_mailboxid = {
	.name = "mailboxid",
	.words = words,
	.tags = tags,
	.off_by_default = true,
};
