/*
 * RFC 5463: ihave and error.
 *
 * What ihave answers is known when the script is compiled, so blocks behind
 * one that fails are parsed but never looked at more closely.
 */
#include "sieve/compile.h"
#include "sieve/text.h"

struct ihave {
	const struct texts *names;
};

static bool
has_all(struct compiler *compiler, const struct texts *names)
{
	for (size_t i = 0; i < names->n; i++) {
		if (!compile_offers(compiler, names->list[i].fixed))
			return false;
	}
	return true;
}

static bool
ihave_check(struct compiler *compiler, struct node *node)
{
	const struct ihave *args = node->args;

	for (size_t i = 0; i < args->names->n; i++) {
		if (!text_is_fixed(&args->names->list[i]))
			return compile_error(
			    compiler, "\"ihave\" cannot ask for a variable");
	}
	node->constant = CONSTANT_FALSE;
	if (!has_all(compiler, args->names))
		return true;
	node->constant = CONSTANT_TRUE;
	/* RFC 5463 4: from here on it is as if they were required. */
	for (size_t i = 0; i < args->names->n; i++)
		(void)compile_require(compiler, args->names->list[i].fixed);
	return true;
}

struct error {
	const struct text *message;
};

static int
error_run(struct run *run, const struct node *node)
{
	const struct error *args = node->args;
	struct slice message = text_value(run, args->message);

	return run_fail(run, "%.*s", SLICE_FMT(message));
}

static const struct sieve_param ihave_params[] = {
	PARAM("extension names", VALUE_STRINGS, struct ihave, names),
	PARAM_END,
};
static const struct sieve_param error_params[] = {
	PARAM("message", VALUE_STRING, struct error, message),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "ihave", WORD_TEST, .size = sizeof(struct ihave),
	    .params = ihave_params, .check = ihave_check },
	{ "error", WORD_COMMAND, .size = sizeof(struct error),
	    .params = error_params, .run = error_run },
	WORD_END,
};

const struct sieve_extension ext_ihave = { .name = "ihave", .words = words };
