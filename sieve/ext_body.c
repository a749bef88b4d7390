/*
 * RFC 5173: body.
 */
#include "sieve/match.h"
#include "sieve/message.h"
#include "sieve/mime.h"
#include "sieve/text.h"

enum { BODY_TEXT = 1, BODY_RAW, BODY_CONTENT };

struct body {
	int transform; /* 0: text */
	const struct texts *types;
};

/* 5.1: as it stands, nothing decoded, no MIME at all. */
static int
raw(struct run *run, struct matching *m)
{
	struct slice octets = message_body(run->message);

	if (run_scan_body(run, octets.n) < 0)
		return RUN_FAIL;
	return matching_value(m, octets);
}

/* 5.2: "" is any type, "text" all its subtypes, "text/html" just that. */
static bool
type_matches(const struct part *part, struct slice wanted)
{
	long slash = slice_find(wanted, '/');

	if (wanted.n == 0)
		return true;
	if (slash < 0)
		return slice_eq_nocase(part->type, wanted);
	/* 5.2: malformed types match nothing. */
	return slice_eq_nocase(part->type, slice_head(wanted, (size_t)slash)) &&
	       slice_eq_nocase(
		   part->subtype, slice_tail(wanted, (size_t)slash + 1));
}

static bool
is_wanted(struct run *run, const struct body *args, const struct part *part)
{
	if (args->transform != BODY_CONTENT)
		return slice_eq_nocase(part->type, SLICE("text"));
	for (size_t i = 0; i < args->types->n; i++) {
		if (type_matches(part, text_value(run, &args->types->list[i])))
			return true;
	}
	return false;
}

static int
part_value(struct run *run, const struct part *part, struct matching *m)
{
	bool is_text = slice_eq_nocase(part->type, SLICE("text"));
	struct slice value;

	/* 5.2: of what only holds other parts, what stands around them. */
	if (part->is_message)
		value = mime_inner_header(run, part);
	else if (!part->is_leaf)
		value = mime_around(run, part);
	else if (!mime_content(run, part, is_text, &value))
		return RUN_FAIL;
	return matching_value(m, value);
}

static int
decoded(struct run *run, const struct body *args, struct matching *m)
{
	const struct part *root = mime_root(run), *part = root;
	int r = 0;

	if (root == NULL)
		return RUN_FAIL;
	for (; part != NULL && r == 0; part = mime_next(root, part)) {
		if (is_wanted(run, args, part))
			r = part_value(run, part, m);
	}
	return r;
}

static int
body_run(struct run *run, const struct node *node)
{
	const struct body *args = node->args;
	struct matching m;
	int r;

	matching_start(&m, run, node->match);
	if (args->transform == BODY_RAW)
		r = raw(run, &m);
	else
		r = decoded(run, args, &m);
	return r < 0 ? RUN_FAIL : matching_end(&m);
}

static const struct sieve_param params[] = {
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};

static const struct sieve_tag body_tags[] = {
	TAG_CHOICE("text", GROUP_OWN, struct body, transform, BODY_TEXT),
	TAG_CHOICE("raw", GROUP_OWN, struct body, transform, BODY_RAW),
	TAG_CHOICE_OF("content", GROUP_OWN, VALUE_CHOICE_STRINGS, struct body,
	    transform, BODY_CONTENT, types),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "body", WORD_TEST, .groups = GROUP_MATCH, .size = sizeof(struct body),
	    .params = params, .tags = body_tags, .run = body_run },
	WORD_END,
};

const struct sieve_extension ext_body = { .name = "body", .words = words };
