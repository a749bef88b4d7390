/*
 * RFC 5232: imap4flags, and imapflags, the draft before it.
 *
 * A script has an internal variable of flags; with "variables" required it
 * may name variables of its own instead.
 */
#include "sieve/compile.h"
#include "sieve/flags.h"
#include "sieve/match.h"
#include "sieve/text.h"

struct flags {
	const struct texts *variables; /* NULL: the internal one */
	const struct texts *list;
	struct variable_ref *refs; /* of variables, as many */
};

static bool
hasflag_check(struct compiler *compiler, struct node *node)
{
	struct flags *args = node->args;

	if (args->variables == NULL)
		return true;
	if (!compile_has(compiler, &ext_variables))
		return compile_error(
		    compiler, "flags in a variable need require \"variables\"");
	args->refs = arena_calloc(
	    compiler->arena, args->variables->n, sizeof(struct variable_ref));
	for (size_t i = 0; i < args->variables->n; i++) {
		if (!compile_target(
			compiler, &args->variables->list[i], &args->refs[i]))
			return false;
	}
	return true;
}

static struct slice
current(struct run *run, const struct flags *args)
{
	return args->refs != NULL ? text_get(run, args->refs) : run->flags;
}

static void
store(struct run *run, const struct flags *args, const struct buf *flags)
{
	struct slice value = arena_slice(run->arena, buf_slice(flags));

	if (args->refs != NULL)
		text_set(run, args->refs, value);
	else
		run->flags = value;
}

static int
setflag_run(struct run *run, const struct node *node)
{
	AUTO_BUF struct buf flags = BUF_INIT(SIEVE_VARIABLE_MAX);
	const struct flags *args = node->args;

	if (flags_add_all(run, &flags, args->list) < 0)
		return RUN_FAIL;
	store(run, args, &flags);
	return FLOW_NEXT;
}

static int
addflag_run(struct run *run, const struct node *node)
{
	AUTO_BUF struct buf flags = BUF_INIT(SIEVE_VARIABLE_MAX);
	const struct flags *args = node->args;

	(void)buf_add_slice(&flags, current(run, args));
	if (flags_add_all(run, &flags, args->list) < 0)
		return RUN_FAIL;
	store(run, args, &flags);
	return FLOW_NEXT;
}

static int
remove_flags(struct run *run, const struct flags *args, struct slice gone)
{
	AUTO_BUF struct buf flags = BUF_INIT(SIEVE_VARIABLE_MAX);
	struct slice text = current(run, args), flag;

	while (flags_next(&text, &flag)) {
		if (run_charge(run, gone.n) < 0)
			return RUN_FAIL;
		if (flags_has(gone, flag))
			continue;
		if (flags.n > 0)
			(void)buf_add_char(&flags, ' ');
		(void)buf_add_slice(&flags, flag);
	}
	store(run, args, &flags);
	return FLOW_NEXT;
}

static int
removeflag_run(struct run *run, const struct node *node)
{
	AUTO_BUF struct buf gone = BUF_INIT(SIEVE_VARIABLE_MAX);
	const struct flags *args = node->args;

	if (flags_add_all(run, &gone, args->list) < 0)
		return RUN_FAIL;
	return remove_flags(run, args, buf_slice(&gone));
}

/* mark and unmark of the draft: the flag \\Flagged, without arguments. */
static int
mark_run(struct run *run, const struct node *node)
{
	AUTO_BUF struct buf flags = BUF_INIT(SIEVE_VARIABLE_MAX);

	(void)node;
	(void)buf_add_slice(&flags, run->flags);
	if (flags_add(run, &flags, SLICE("\\Flagged")) < 0)
		return RUN_FAIL;
	run->flags = arena_slice(run->arena, buf_slice(&flags));
	return FLOW_NEXT;
}

static int
unmark_run(struct run *run, const struct node *node)
{
	(void)node;
	return remove_flags(run, node->args, SLICE("\\Flagged"));
}

static int
hasflag_variable(struct matching *m, struct slice flags)
{
	struct slice flag;
	int r = 0;

	while (r == 0 && flags_next(&flags, &flag))
		r = matching_value(m, flag);
	return r;
}

/* A key such as "\\Seen \\Draft" is a list of flags (RFC 5232 2). */
static void
split_keys(struct matching *m)
{
	size_t n = 0, octets = 0;
	struct slice *keys, key;

	if (m->match->type != MATCH_IS)
		return;
	for (size_t i = 0; i < m->n_keys; i++)
		octets += m->keys[i].n + 1;
	keys = arena_calloc(m->run->arena, octets, sizeof *keys);
	for (size_t i = 0; i < m->n_keys; i++) {
		struct slice rest = m->keys[i];

		while (flags_next(&rest, &key))
			keys[n++] = key;
	}
	m->keys = keys;
	m->n_keys = n;
}

static int
hasflag_run(struct run *run, const struct node *node)
{
	const struct flags *args = node->args;
	struct matching m;
	int r = 0;

	matching_start(&m, run, node->match);
	split_keys(&m);
	if (args->refs == NULL)
		r = hasflag_variable(&m, run->flags);
	for (size_t i = 0;
	     args->refs != NULL && i < args->variables->n && r == 0; i++)
		r = hasflag_variable(&m, text_get(run, &args->refs[i]));
	return r < 0 ? RUN_FAIL : matching_end(&m);
}

/* ---- Tables ---- */

static const struct sieve_param params[] = {
	PARAM_OPTIONAL("variable", VALUE_ONE, struct flags, variables),
	PARAM("flags", VALUE_STRINGS, struct flags, list),
	PARAM_END,
};
static const struct sieve_param hasflag_params[] = {
	PARAM_OPTIONAL("variables", VALUE_STRINGS, struct flags, variables),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};
static const struct sieve_param plain_params[] = {
	PARAM("flags", VALUE_STRINGS, struct flags, list),
	PARAM_END,
};

#define FLAGS_COMMAND(name, its_params, its_run)                               \
	{                                                                      \
		name, WORD_COMMAND, .size = sizeof(struct flags),              \
				    .params = its_params,                      \
				    .check = hasflag_check, .run = its_run     \
	}

static const struct sieve_word words[] = {
	FLAGS_COMMAND("setflag", params, setflag_run),
	FLAGS_COMMAND("addflag", params, addflag_run),
	FLAGS_COMMAND("removeflag", params, removeflag_run),
	{ "hasflag", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct flags), .params = hasflag_params,
	    .check = hasflag_check, .run = hasflag_run },
	WORD_END,
};

static const struct sieve_tag tags[] = {
	TAG_VALUE("flags", GROUP_FLAGS, VALUE_STRINGS, struct store, flags),
	TAG_END,
};

static const struct sieve_word old_words[] = {
	FLAGS_COMMAND("setflag", plain_params, setflag_run),
	FLAGS_COMMAND("addflag", plain_params, addflag_run),
	FLAGS_COMMAND("removeflag", plain_params, removeflag_run),
	{ "mark", WORD_COMMAND, .size = sizeof(struct flags), .run = mark_run },
	{ "unmark", WORD_COMMAND, .size = sizeof(struct flags),
	    .run = unmark_run },
	WORD_END,
};

const struct sieve_extension ext_imap4flags = {
	.name = "imap4flags", .words = words, .tags = tags
};

const struct sieve_extension ext_imapflags = {
	.name = "imapflags", .words = old_words, .off_by_default = true
};
