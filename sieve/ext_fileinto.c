/*
 * RFC 5228 4.1: fileinto.
 */
#include "sieve/action.h"
#include "sieve/mailbox_name.h"
#include "sieve/text.h"

struct fileinto {
	const struct text *mailbox;
};

static bool
fileinto_check(struct compiler *compiler, struct node *node)
{
	const struct fileinto *args = node->args;

	return mailbox_name_check(compiler, args->mailbox);
}

static int
fileinto_run(struct run *run, const struct node *node)
{
	const struct fileinto *args = node->args;
	struct slice mailbox = text_value(run, args->mailbox);

	if (!mailbox_name_ok(mailbox))
		return run_fail(run, "\"%.*s\" is no name for a mailbox",
		    ERRORS_WORD(mailbox));
	return action_fileinto(run, mailbox, node->store);
}

static const struct sieve_param params[] = {
	PARAM("mailbox", VALUE_STRING, struct fileinto, mailbox),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "fileinto", WORD_COMMAND,
	    .groups = GROUP_FLAGS | GROUP_FILE | GROUP_COPY,
	    .size = sizeof(struct fileinto), .params = params,
	    .check = fileinto_check, .run = fileinto_run },
	WORD_END,
};

const struct sieve_extension ext_fileinto = { .name = "fileinto",
	.words = words };
