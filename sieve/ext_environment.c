/*
 * RFC 5183: environment. The caller says what it knows; what the engine is
 * stands here.
 */
#include "sieve/match.h"
#include "sieve/text.h"

struct environment {
	const struct text *name;
};

static const struct sieve_item own_items[] = {
	{ { "name", 4 }, { "Hauspost Sieve", 14 } },
	{ { "location", 8 }, { "MDA", 3 } },
	{ { "phase", 5 }, { "during", 6 } },
};

static const struct sieve_item *
find(const struct sieve_item *items, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq_nocase(items[i].name, name))
			return &items[i];
	}
	return NULL;
}

/* RFC 5183 4: an item that nobody knows makes the test false. */
static int
environment_run(struct run *run, const struct node *node)
{
	const struct environment *args = node->args;
	struct slice name = text_value(run, args->name);
	const struct sieve_item *item;
	struct matching m;

	item = find(run->environment->items, run->environment->n_items, name);
	if (item == NULL)
		item =
		    find(own_items, sizeof own_items / sizeof *own_items, name);
	if (item == NULL)
		return 0;
	matching_start(&m, run, node->match);
	if (matching_value(&m, item->value) < 0)
		return RUN_FAIL;
	return matching_end(&m);
}

static const struct sieve_param params[] = {
	PARAM("item name", VALUE_STRING, struct environment, name),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};

static const struct sieve_word words[] = {
	{ "environment", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct environment), .params = params,
	    .run = environment_run },
	WORD_END,
};

const struct sieve_extension ext_environment = { .name = "environment",
	.words = words };
