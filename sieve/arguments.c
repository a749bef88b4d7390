#include "sieve/arguments.h"

#include "sieve/match.h"

enum { POSITIONAL_MAX = 6 };

/* The struct of a group of tags: its place in a node, and its size. */
struct group_place {
	unsigned groups;
	size_t at, size;
};

static const struct group_place group_places[] = {
	{ GROUP_MATCH, offsetof(struct node, match), sizeof(struct match) },
	{ GROUP_ADDRESS | GROUP_INDEX | GROUP_MIME | GROUP_ASPECT | GROUP_EDIT,
	    offsetof(struct node, pick), sizeof(struct pick) },
	{ GROUP_FLAGS | GROUP_FILE | GROUP_COPY | GROUP_SEND | GROUP_FCC,
	    offsetof(struct node, store), sizeof(struct store) },
};

/* The struct that a tag of this group writes, made when it is the first. */
static char *
group_struct(struct compiler *compiler, struct node *node, unsigned group)
{
	for (size_t i = 0; i < sizeof group_places / sizeof *group_places;
	     i++) {
		const struct group_place *place = &group_places[i];
		void **slot = (void **)((char *)node + place->at);

		if ((place->groups & group) == 0)
			continue;
		if (*slot == NULL)
			*slot = arena_alloc(compiler->arena, place->size);
		return *slot;
	}
	return node->args;
}

/* ---- Values ---- */

static const struct text *
one_text(struct compiler *compiler, const struct ast_string *string)
{
	struct text *text = arena_new(compiler->arena, struct text);

	return compile_text(compiler, string, text) ? text : NULL;
}

static const struct texts *
all_texts(struct compiler *compiler, const struct ast_argument *argument)
{
	struct texts *texts = arena_new(compiler->arena, struct texts);
	struct text *list = arena_calloc(
	    compiler->arena, argument->n_strings, sizeof(struct text));
	const struct ast_string *s = argument->strings;

	texts->list = list;
	texts->n = argument->n_strings;
	for (size_t i = 0; s != NULL; s = s->next, i++) {
		if (!compile_text(compiler, s, &list[i]))
			return NULL;
	}
	return texts;
}

static const char *
type_name(enum value_type type)
{
	switch (type) {
	case VALUE_NUMBER:
		return "a number";
	case VALUE_STRINGS:
	case VALUE_CHOICE_STRINGS:
	case VALUE_KEYS:
		return "a string or a list of strings";
	default:
		return "a string";
	}
}

static bool
type_fits(enum value_type type, enum ast_type given)
{
	switch (type) {
	case VALUE_NUMBER:
		return given == AST_NUMBER;
	case VALUE_STRINGS:
	case VALUE_CHOICE_STRINGS:
	case VALUE_KEYS:
		return given == AST_STRING || given == AST_LIST;
	default:
		return given == AST_STRING;
	}
}

/* The argument as the type wants it; NULL after an error. */
static const void *
value(struct compiler *compiler, enum value_type type,
    const struct ast_argument *argument)
{
	uint64_t *number;

	switch (type) {
	case VALUE_NUMBER:
		number = arena_new(compiler->arena, uint64_t);
		*number = argument->number;
		return number;
	case VALUE_STRINGS:
	case VALUE_ONE:
	case VALUE_KEYS:
	case VALUE_KEY:
		return all_texts(compiler, argument);
	default:
		return one_text(compiler, argument->strings);
	}
}

static bool
put(struct compiler *compiler, enum value_type type, void *slot,
    const struct ast_argument *argument)
{
	const void *v = value(compiler, type, argument);

	*(const void **)slot = v;
	return v != NULL;
}

/* ---- Tags ---- */

struct tag_search {
	struct slice name;
	const struct sieve_word *word;
	const struct sieve_tag *found;
};

static bool
search_tags(struct tag_search *search, const struct sieve_tag *tag)
{
	for (; tag != NULL && tag->name != NULL; tag++) {
		if (tag->group != GROUP_OWN &&
		    (search->word->groups & tag->group) == 0)
			continue;
		if (slice_eq_nocase(search->name, slice_of(tag->name))) {
			search->found = tag;
			return true;
		}
	}
	return false;
}

static bool
search_extension(void *context, const struct sieve_extension *extension)
{
	return search_tags(context, extension->tags);
}

static void
unknown_tag(struct compiler *compiler, struct tag_search search)
{
	for (size_t i = 0; i < extension_count(); i++) {
		if (!search_extension(&search, extension_table[i]))
			continue;
		(void)compile_error(compiler,
		    "tag \":%.*s\" needs require \"%s\" at the top of the "
		    "script",
		    ERRORS_WORD(search.name), extension_table[i]->name);
		return;
	}
	(void)compile_error(compiler, "\"%s\" has no tag \":%.*s\"",
	    search.word->name, ERRORS_WORD(search.name));
}

static const struct sieve_tag *
find_tag(
    struct compiler *compiler, struct slice name, const struct sieve_word *word)
{
	struct tag_search search = { name, word, NULL };

	if (!search_tags(&search, word->tags) &&
	    !compile_each(compiler, search_extension, &search))
		unknown_tag(compiler, search);
	return search.found;
}

static bool
takes_value(const struct sieve_tag *tag)
{
	return tag->type != VALUE_FLAG && tag->type != VALUE_CHOICE;
}

static bool
is_taken(const struct sieve_tag *tag, const char *slot)
{
	switch (tag->type) {
	case VALUE_FLAG:
		return *(const bool *)slot;
	case VALUE_CHOICE:
	case VALUE_CHOICE_STRING:
	case VALUE_CHOICE_STRINGS:
		return *(const int *)slot != 0;
	default:
		return *(const void *const *)slot != NULL;
	}
}

static bool
set_tag(struct compiler *compiler, const struct sieve_tag *tag, char *base,
    const struct ast_argument *argument)
{
	char *slot = base + tag->at;

	if (is_taken(tag, slot))
		return compile_error(compiler,
		    "\":%s\" is given twice or with a tag that excludes it",
		    tag->name);
	switch (tag->type) {
	case VALUE_FLAG:
		*(bool *)slot = true;
		return true;
	case VALUE_CHOICE_STRING:
	case VALUE_CHOICE_STRINGS:
		*(int *)slot = tag->choice;
		return put(compiler,
		    tag->type == VALUE_CHOICE_STRING ? VALUE_STRING
						     : VALUE_STRINGS,
		    base + tag->text_at, argument);
	case VALUE_CHOICE:
		*(int *)slot = tag->choice;
		return true;
	default:
		return put(compiler, tag->type, slot, argument);
	}
}

/* Handles the tag at *argument_io and moves on to its value, if it has one. */
static bool
compile_tag(struct compiler *compiler, struct node *node,
    const struct ast_argument **argument_io)
{
	const struct ast_argument *next = (*argument_io)->next;
	const struct sieve_tag *tag;

	compiler->at = (*argument_io)->at;
	tag = find_tag(compiler, (*argument_io)->tag, node->word);
	if (tag == NULL)
		return false;
	if (takes_value(tag)) {
		if (next == NULL || !type_fits(tag->type, next->type))
			return compile_error(compiler,
			    "\":%s\" needs %s "
			    "behind it",
			    tag->name, type_name(tag->type));
		*argument_io = next;
	}
	return set_tag(
	    compiler, tag, group_struct(compiler, node, tag->group), next);
}

/* ---- Positional arguments ---- */

static size_t
param_count(const struct sieve_param *params)
{
	size_t n = 0;

	while (params != NULL && params[n].name != NULL)
		n++;
	return n;
}

static bool
set_param(struct compiler *compiler, struct node *node,
    const struct sieve_param *param, const struct ast_argument *argument)
{
	void *slot = (char *)node->args + param->at;

	compiler->at = argument->at;
	if (!type_fits(param->type, argument->type))
		return compile_error(compiler, "\"%s\" needs %s as its %s",
		    node->word->name, type_name(param->type), param->name);
	if (param->type == VALUE_KEYS || param->type == VALUE_KEY)
		slot = &node->match->keys;
	return put(compiler, param->type, slot, argument);
}

static bool
missing(struct compiler *compiler, const struct sieve_word *word, size_t n)
{
	const struct sieve_param *params = word->params;
	size_t first = n + (params[0].optional ? 1 : 0);

	return compile_error(compiler, "\"%s\" lacks its %s (%s)", word->name,
	    params[first].name, type_name(params[first].type));
}

static bool
set_params(struct compiler *compiler, struct node *node,
    const struct ast_argument **given, size_t n)
{
	const struct sieve_param *params = node->word->params;
	size_t wanted = param_count(params);
	size_t skip = 0;

	if (n > wanted) {
		compiler->at = given[wanted]->at;
		return compile_error(compiler,
		    "\"%s\" has more arguments than it takes",
		    node->word->name);
	}
	compiler->at = node->at;
	if (n < wanted) {
		bool ends = params[wanted - 1].optional;

		skip = params[0].optional ? 1 : 0;
		if (n + skip + ends < wanted)
			return missing(compiler, node->word, n);
	}
	for (size_t i = 0; i < n; i++) {
		if (!set_param(compiler, node, &params[i + skip], given[i]))
			return false;
	}
	return true;
}

/* ---- The whole list ---- */

static bool
walk(struct compiler *compiler, const struct ast_argument *argument,
    struct node *node)
{
	const struct ast_argument *given[POSITIONAL_MAX];
	size_t n = 0;

	for (; argument != NULL; argument = argument->next) {
		if (argument->type == AST_TAG) {
			if (!compile_tag(compiler, node, &argument))
				return false;
		} else if (n < POSITIONAL_MAX) {
			given[n++] = argument;
		}
	}
	return set_params(compiler, node, given, n);
}

bool
arguments_compile(struct compiler *compiler, const struct ast_argument *list,
    struct node *node)
{
	const struct sieve_word *word = node->word;

	if (word->size > 0)
		node->args = arena_alloc(compiler->arena, word->size);
	if (word->groups & GROUP_MATCH)
		node->match = arena_new(compiler->arena, struct match);
	if (!walk(compiler, list, node))
		return false;
	if (node->match == NULL)
		return true;
	compiler->at = node->at;
	return match_compile(compiler, node->match);
}
