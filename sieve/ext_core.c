/*
 * RFC 5228: the commands and tests every script has.
 */
#include "sieve/action.h"
#include "sieve/address.h"
#include "sieve/address_test.h"
#include "sieve/match.h"
#include "sieve/message.h"
#include "sieve/mime_test.h"
#include "sieve/source.h"
#include "sieve/text.h"

/* ---- Control and actions: 3.3, 4.2 to 4.4 ---- */

static int
stop_run(struct run *run, const struct node *node)
{
	(void)run, (void)node;
	return FLOW_STOP;
}

static int
keep_run(struct run *run, const struct node *node)
{
	return action_keep(run, node->store);
}

static int
discard_run(struct run *run, const struct node *node)
{
	(void)node;
	run->implicit_keep = false;
	return FLOW_NEXT;
}

struct redirect {
	const struct text *address;
};

static bool
redirect_check(struct compiler *compiler, struct node *node)
{
	const struct redirect *args = node->args;
	struct slice text = args->address->fixed;
	struct address address;

	if (!text_is_fixed(args->address) ||
	    address_parse(compiler->scratch, text, &address))
		return true;
	return compile_error(compiler, "\"%.*s\" is no address to redirect to",
	    ERRORS_WORD(text));
}

static int
redirect_run(struct run *run, const struct node *node)
{
	const struct redirect *args = node->args;
	struct slice text = text_value(run, args->address);
	struct address address;

	if (!address_parse(run->arena, text, &address))
		return run_fail(run, "\"%.*s\" is no address to redirect to",
		    ERRORS_WORD(text));
	return action_redirect(run, address.text, node->store);
}

/* ---- Logic: 5.2, 5.3, 5.8 to 5.10 ---- */

static int
true_run(struct run *run, const struct node *node)
{
	(void)run, (void)node;
	return 1;
}

static int
false_run(struct run *run, const struct node *node)
{
	(void)run, (void)node;
	return 0;
}

static int
not_run(struct run *run, const struct node *node)
{
	int outcome = run_test(run, node->tests);

	return outcome < 0 ? outcome : !outcome;
}

static int
allof_run(struct run *run, const struct node *node)
{
	int outcome = 1;

	for (const struct node *t = node->tests; t && outcome > 0; t = t->next)
		outcome = run_test(run, t);
	return outcome;
}

static int
anyof_run(struct run *run, const struct node *node)
{
	int outcome = 0;

	for (const struct node *t = node->tests; t && outcome == 0; t = t->next)
		outcome = run_test(run, t);
	return outcome;
}

/* ---- size: 5.9 ---- */

enum { SIZE_OVER = 1, SIZE_UNDER };

struct size {
	int relation;
	const uint64_t *limit;
};

static bool
size_check(struct compiler *compiler, struct node *node)
{
	const struct size *args = node->args;

	return args->relation != 0 ||
	       compile_error(
		   compiler, "\"size\" needs \":over\" or \":under\"");
}

static int
size_run(struct run *run, const struct node *node)
{
	const struct size *args = node->args;
	uint64_t size = run->message->octets.n;

	return args->relation == SIZE_OVER ? size > *args->limit
					   : size < *args->limit;
}

static const struct sieve_tag size_tags[] = {
	TAG_CHOICE("over", GROUP_OWN, struct size, relation, SIZE_OVER),
	TAG_CHOICE("under", GROUP_OWN, struct size, relation, SIZE_UNDER),
	TAG_END,
};

/* ---- header, exists, address: 5.1, 5.5, 5.7 ---- */

struct names {
	const struct texts *names;
};

static bool
header_check(struct compiler *compiler, struct node *node)
{
	const struct names *args = node->args;

	return source_check_names(compiler, args->names) &&
	       source_check_index(compiler, node) &&
	       mime_test_check(compiler, node);
}

static int
header_field(void *context, struct run *run, struct fields *fields, size_t i)
{
	return run_charge(run, fields->list[i].raw.n) < 0
		   ? RUN_FAIL
		   : matching_value(context, fields_text(fields, i));
}

static int
header_run(struct run *run, const struct node *node)
{
	const struct names *args = node->args;
	struct matching m;

	if (node->pick != NULL && node->pick->mime_aspect != 0)
		return mime_test_run(run, node, args->names);
	matching_start(&m, run, node->match);
	if (source_all(run, node->pick, args->names, header_field, &m) < 0)
		return RUN_FAIL;
	return matching_end(&m);
}

static bool
exists_check(struct compiler *compiler, struct node *node)
{
	const struct names *args = node->args;

	return source_check_names(compiler, args->names);
}

static int
exists_field(void *context, struct run *run, struct fields *fields, size_t i)
{
	(void)context, (void)run, (void)fields, (void)i;
	return 1;
}

/* All of them must be there. */
static int
exists_run(struct run *run, const struct node *node)
{
	const struct names *args = node->args;
	int found = 1;

	for (size_t i = 0; i < args->names->n && found > 0; i++)
		found = source_each(run, node->pick,
		    text_value(run, &args->names->list[i]), exists_field, NULL);
	return found;
}

static bool
address_check(struct compiler *compiler, struct node *node)
{
	const struct names *args = node->args;

	return source_check_names(compiler, args->names) &&
	       source_check_index(compiler, node) &&
	       address_test_check(compiler, args->names);
}

static int
address_field(void *context, struct run *run, struct fields *fields, size_t i)
{
	struct address_matching *m = context;
	const struct field *field = &fields->list[i];
	struct address_walk walk = address_start(fields->arena, field->raw);
	struct address address;
	int r = run_charge(run, field->raw.n);

	while (r == 0 && address_next(&walk, &address))
		r = address_test_value(m, &address);
	return r;
}

static int
address_run(struct run *run, const struct node *node)
{
	const struct names *args = node->args;
	struct address_matching m = { .pick = node->pick };

	matching_start(&m.matching, run, node->match);
	if (source_all(run, node->pick, args->names, address_field, &m) < 0)
		return RUN_FAIL;
	return matching_end(&m.matching);
}

/* ---- Tables ---- */

static const struct sieve_param redirect_params[] = {
	PARAM("address", VALUE_STRING, struct redirect, address),
	PARAM_END,
};
static const struct sieve_param size_params[] = {
	PARAM("limit", VALUE_NUMBER, struct size, limit),
	PARAM_END,
};
static const struct sieve_param exists_params[] = {
	PARAM("header names", VALUE_STRINGS, struct names, names),
	PARAM_END,
};
static const struct sieve_param header_params[] = {
	PARAM("header names", VALUE_STRINGS, struct names, names),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "stop", WORD_COMMAND, .run = stop_run },
	{ "keep", WORD_COMMAND, .groups = GROUP_FLAGS, .run = keep_run },
	{ "discard", WORD_COMMAND, .run = discard_run },
	{ "redirect", WORD_COMMAND, .groups = GROUP_COPY | GROUP_SEND,
	    .size = sizeof(struct redirect), .params = redirect_params,
	    .check = redirect_check, .run = redirect_run },
	{ "true", WORD_TEST, .run = true_run },
	{ "false", WORD_TEST, .run = false_run },
	{ "not", WORD_TEST, .tests = TESTS_ONE, .run = not_run },
	{ "allof", WORD_TEST, .tests = TESTS_LIST, .run = allof_run },
	{ "anyof", WORD_TEST, .tests = TESTS_LIST, .run = anyof_run },
	{ "size", WORD_TEST, .size = sizeof(struct size), .params = size_params,
	    .tags = size_tags, .check = size_check, .run = size_run },
	{ "exists", WORD_TEST, .groups = GROUP_MIME,
	    .size = sizeof(struct names), .params = exists_params,
	    .check = exists_check, .run = exists_run },
	{ "header", WORD_TEST,
	    .groups = GROUP_MATCH | GROUP_INDEX | GROUP_MIME | GROUP_ASPECT,
	    .size = sizeof(struct names), .params = header_params,
	    .check = header_check, .run = header_run },
	{ "address", WORD_TEST,
	    .groups = GROUP_MATCH | GROUP_ADDRESS | GROUP_INDEX | GROUP_MIME,
	    .size = sizeof(struct names), .params = header_params,
	    .check = address_check, .run = address_run },
	WORD_END,
};

static const struct sieve_tag tags[] = {
	TAG_CHOICE("is", GROUP_MATCH, struct match, type, MATCH_IS),
	TAG_CHOICE("contains", GROUP_MATCH, struct match, type, MATCH_CONTAINS),
	TAG_CHOICE("matches", GROUP_MATCH, struct match, type, MATCH_MATCHES),
	TAG_VALUE("comparator", GROUP_MATCH, VALUE_STRING, struct match,
	    comparator_text),
	TAG_CHOICE(
	    "all", GROUP_ADDRESS, struct pick, address_part, ADDRESS_ALL),
	TAG_CHOICE("localpart", GROUP_ADDRESS, struct pick, address_part,
	    ADDRESS_LOCALPART),
	TAG_CHOICE(
	    "domain", GROUP_ADDRESS, struct pick, address_part, ADDRESS_DOMAIN),
	TAG_END,
};

const struct sieve_extension ext_core = {
	.name = "", .words = words, .tags = tags, .silent = true
};
