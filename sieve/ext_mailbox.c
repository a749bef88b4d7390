/*
 * RFC 5490 3: mailboxexists and ":create".
 */
#include "sieve/match.h"
#include "sieve/text.h"

struct mailboxes {
	const struct texts *names;
};

static int
exists(struct run *run, struct slice name)
{
	int r = 1;

	if (run->callbacks->mailbox_exists != NULL)
		r = run->callbacks->mailbox_exists(run->context, name);
	return r < 0 ? run_defer(run, "a mailbox") : r;
}

/* All of them must be there. */
static int
mailboxexists_run(struct run *run, const struct node *node)
{
	const struct mailboxes *args = node->args;
	int outcome = 1;

	for (size_t i = 0; i < args->names->n && outcome > 0; i++) {
		if (run_charge(run, RUN_STEP_COST) < 0)
			return RUN_FAIL;
		outcome = exists(run, text_value(run, &args->names->list[i]));
	}
	return outcome;
}

static const struct sieve_param params[] = {
	PARAM("mailbox names", VALUE_STRINGS, struct mailboxes, names),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "mailboxexists", WORD_TEST, .size = sizeof(struct mailboxes),
	    .params = params, .run = mailboxexists_run },
	WORD_END,
};

static const struct sieve_tag tags[] = {
	TAG_FLAG("create", GROUP_FILE, struct store, create),
	TAG_END,
};

const struct sieve_extension ext_mailbox = {
	.name = "mailbox", .words = words, .tags = tags
};
