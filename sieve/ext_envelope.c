/*
 * RFC 5228 5.4: envelope; RFC 6009 2: its parts notify, orcpt, ret, envid.
 */
#include "sieve/address_test.h"
#include "sieve/text.h"

struct envelope {
	const struct texts *parts;
};

enum kind {
	KIND_UNKNOWN,
	KIND_ADDRESS,
	KIND_TEXT, /* compared as it is; absent when empty */
};

/* Where a part stands in struct sieve_envelope. */
struct envelope_part {
	const char *name;
	enum kind kind;
	size_t at;
	const struct sieve_extension *extension;
};

static const struct envelope_part parts[] = {
	{ "from", KIND_ADDRESS, offsetof(struct sieve_envelope, from),
	    &ext_envelope },
	{ "to", KIND_ADDRESS, offsetof(struct sieve_envelope, to),
	    &ext_envelope },
	{ "auth", KIND_TEXT, offsetof(struct sieve_envelope, auth),
	    &ext_envelope },
	{ "notify", KIND_TEXT, offsetof(struct sieve_envelope, notify),
	    &ext_envelope_dsn },
	{ "orcpt", KIND_TEXT, offsetof(struct sieve_envelope, orcpt),
	    &ext_envelope_dsn },
	{ "ret", KIND_TEXT, offsetof(struct sieve_envelope, ret),
	    &ext_envelope_dsn },
	{ "envid", KIND_TEXT, offsetof(struct sieve_envelope, envid),
	    &ext_envelope_dsn },
};

static const struct envelope_part *
find_part(struct slice name)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (slice_eq_nocase(name, slice_of(parts[i].name)))
			return &parts[i];
	}
	return NULL;
}

static bool
check_part(struct compiler *compiler, const struct envelope *args, size_t i,
    const struct node *node)
{
	struct slice name = args->parts->list[i].fixed;
	const struct envelope_part *part = find_part(name);

	if (part == NULL)
		return compile_error(compiler,
		    "the envelope has no part \"%.*s\"", ERRORS_WORD(name));
	if (!compile_has(compiler, part->extension))
		return compile_error(compiler,
		    "envelope part \"%.*s\" needs require \"%s\"",
		    ERRORS_WORD(name), part->extension->name);
	if (part->kind == KIND_TEXT && node->pick != NULL &&
	    node->pick->address_part > ADDRESS_ALL)
		return compile_error(compiler,
		    "envelope part \"%.*s\" is no "
		    "address that has parts",
		    ERRORS_WORD(name));
	return true;
}

static bool
envelope_check(struct compiler *compiler, struct node *node)
{
	const struct envelope *args = node->args;

	for (size_t i = 0; i < args->parts->n; i++) {
		if (text_is_fixed(&args->parts->list[i]) &&
		    !check_part(compiler, args, i, node))
			return false;
	}
	return true;
}

static int
feed(struct address_matching *m, const struct envelope_part *part)
{
	struct run *run = m->matching.run;
	struct slice value =
	    *(const struct slice *)((const char *)&run->envelope + part->at);
	struct address address;

	if (part->kind == KIND_TEXT)
		return value.n > 0 ? matching_value(&m->matching, value) : 0;
	/* RFC 5228 5.4: the null sender is the empty string, in all parts. */
	address = address_of_envelope(value);
	return address_test_value(m, &address);
}

static int
envelope_run(struct run *run, const struct node *node)
{
	const struct envelope *args = node->args;
	struct address_matching m = { .pick = node->pick };
	int r = 0;

	matching_start(&m.matching, run, node->match);
	for (size_t i = 0; i < args->parts->n && r == 0; i++) {
		struct slice name = text_value(run, &args->parts->list[i]);
		const struct envelope_part *part = find_part(name);

		if (part == NULL)
			return run_fail(run,
			    "the envelope has no part "
			    "\"%.*s\"",
			    ERRORS_WORD(name));
		r = feed(&m, part);
	}
	return r < 0 ? RUN_FAIL : matching_end(&m.matching);
}

static const struct sieve_param params[] = {
	PARAM("envelope parts", VALUE_STRINGS, struct envelope, parts),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "envelope", WORD_TEST, .groups = GROUP_MATCH | GROUP_ADDRESS,
	    .size = sizeof(struct envelope), .params = params,
	    .check = envelope_check, .run = envelope_run },
	WORD_END,
};

const struct sieve_extension ext_envelope = { .name = "envelope",
	.words = words };

/* Only widens what envelope accepts. */
const struct sieve_extension ext_envelope_dsn = { .name = "envelope-dsn",
	.off_by_default = true };
