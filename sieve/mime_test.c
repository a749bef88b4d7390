#include "sieve/mime_test.h"

#include "sieve/match.h"
#include "sieve/mime.h"
#include "sieve/source.h"
#include "sieve/text.h"

bool
mime_test_check(struct compiler *compiler, const struct node *node)
{
	const struct pick *pick = node->pick;

	if (pick != NULL && !pick->mime &&
	    (pick->anychild || pick->mime_aspect != 0))
		return compile_error(compiler,
		    "\":anychild\", \":type\", "
		    "\":subtype\", \":contenttype\" and \":param\" need "
		    "\":mime\"");
	return true;
}

struct aspect_matching {
	struct matching matching;
	const struct pick *pick;
};

static int
parameters(struct aspect_matching *m, struct slice value)
{
	struct run *run = m->matching.run;
	const struct texts *names = m->pick->params;
	struct slice found;
	int r = 0;

	for (size_t i = 0; i < names->n && r == 0; i++) {
		if (run_charge(run, value.n) < 0)
			return RUN_FAIL;
		if (mime_parameter(
			run, value, text_value(run, &names->list[i]), &found))
			r = matching_value(&m->matching, found);
	}
	return r;
}

/* "text/plain; charset=utf-8" without its parameters. */
static struct slice
without_parameters(struct slice value)
{
	long semicolon = slice_find(value, ';');

	if (semicolon >= 0)
		value = slice_head(value, (size_t)semicolon);
	return slice_trim(value);
}

/*
 * RFC 5703 4.2: a Content-Disposition has no subtype, its only word is its
 * type.
 */
static int
aspect_field(void *context, struct run *run, struct fields *fields, size_t i)
{
	struct aspect_matching *m = context;
	struct slice value = fields_text(fields, i);
	struct slice word = without_parameters(value);
	long slash = slice_find(word, '/');

	if (run_charge(run, value.n) < 0)
		return RUN_FAIL;
	switch (m->pick->mime_aspect) {
	case MIME_PARAM:
		return parameters(m, value);
	case MIME_CONTENTTYPE:
		return matching_value(&m->matching, word);
	case MIME_TYPE:
		if (slash >= 0)
			word = slice_trim(slice_head(word, (size_t)slash));
		return matching_value(&m->matching, word);
	default:
		if (slash < 0)
			return 0;
		return matching_value(&m->matching,
		    slice_trim(slice_tail(word, (size_t)slash + 1)));
	}
}

int
mime_test_run(
    struct run *run, const struct node *node, const struct texts *names)
{
	struct aspect_matching m = { .pick = node->pick };

	matching_start(&m.matching, run, node->match);
	if (source_all(run, node->pick, names, aspect_field, &m) < 0)
		return RUN_FAIL;
	return matching_end(&m.matching);
}
