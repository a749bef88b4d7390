/*
 * RFC 5490 4 and 5: mboxmetadata and servermetadata.
 */
#include "sieve/match.h"
#include "sieve/text.h"

struct metadata {
	const struct text *mailbox; /* NULL: the server */
	const struct text *annotation;
	const struct texts *annotations;
};

static int
ask(struct run *run, const struct metadata *args, struct slice annotation,
    struct slice *value)
{
	int r = 0;

	if (run_charge(run, RUN_STEP_COST) < 0)
		return RUN_FAIL;
	if (run->callbacks->metadata != NULL)
		r = run->callbacks->metadata(run->context,
		    text_or_empty(run, args->mailbox), annotation, value);
	return r < 0 ? run_defer(run, "an annotation") : r;
}

static int
metadata_run(struct run *run, const struct node *node)
{
	const struct metadata *args = node->args;
	struct slice value;
	struct matching m;
	int r = ask(run, args, text_value(run, args->annotation), &value);

	if (r <= 0)
		return r;
	matching_start(&m, run, node->match);
	if (matching_value(&m, arena_slice(run->arena, value)) < 0)
		return RUN_FAIL;
	return matching_end(&m);
}

static int
exists_run(struct run *run, const struct node *node)
{
	const struct metadata *args = node->args;
	struct slice value;
	int r = 1;

	for (size_t i = 0; i < args->annotations->n && r > 0; i++)
		r = ask(run, args, text_value(run, &args->annotations->list[i]),
		    &value);
	return r;
}

#define MAILBOX PARAM("mailbox", VALUE_STRING, struct metadata, mailbox)
#define ANNOTATION                                                             \
	PARAM("annotation", VALUE_STRING, struct metadata, annotation)
#define ANNOTATIONS                                                            \
	PARAM("annotations", VALUE_STRINGS, struct metadata, annotations)

static const struct sieve_param metadata_params[] = { MAILBOX, ANNOTATION,
	PARAM_KEYS(VALUE_KEYS), PARAM_END };
static const struct sieve_param metadataexists_params[] = { MAILBOX,
	ANNOTATIONS, PARAM_END };
static const struct sieve_param server_params[] = { ANNOTATION,
	PARAM_KEYS(VALUE_KEYS), PARAM_END };
static const struct sieve_param serverexists_params[] = { ANNOTATIONS,
	PARAM_END };

static const struct sieve_word mailbox_words[] = {
	{ "metadata", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct metadata), .params = metadata_params,
	    .run = metadata_run },
	{ "metadataexists", WORD_TEST, .size = sizeof(struct metadata),
	    .params = metadataexists_params, .run = exists_run },
	WORD_END,
};
static const struct sieve_word server_words[] = {
	{ "servermetadata", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct metadata), .params = server_params,
	    .run = metadata_run },
	{ "servermetadataexists", WORD_TEST, .size = sizeof(struct metadata),
	    .params = serverexists_params, .run = exists_run },
	WORD_END,
};

const struct sieve_extension ext_mboxmetadata = {
	.name = "mboxmetadata", .words = mailbox_words, .off_by_default = true
};
const struct sieve_extension ext_servermetadata = {
	.name = "servermetadata",
	.words = server_words,
	.off_by_default = true,
};
