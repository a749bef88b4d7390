/*
 * RFC 5293: addheader and deleteheader.
 *
 * Each edit makes a new list of fields in the run's arena; tests that are
 * still comparing keep the old one.
 */
#include "sieve/compile.h"
#include "sieve/header_write.h"
#include "sieve/match.h"
#include "sieve/message.h"
#include "sieve/source.h"
#include "sieve/text.h"

/* ---- What may be edited ---- */

static bool
in_list(struct slice list, struct slice name)
{
	struct slice one;

	while (slice_cut(&list, ' ', &one)) {
		if (one.n > 0 && slice_eq_nocase(one, name))
			return true;
	}
	return false;
}

static bool
may_add(const struct run *run, struct slice name)
{
	return !in_list(run->environment->protected_fields, name);
}

/* RFC 5293 5: quietly left alone. */
static bool
may_delete(const struct run *run, struct slice name)
{
	return may_add(run, name) &&
	       !in_list(run->environment->undeletable_fields, name);
}

/* The list as it will be; the run sees it from now on. */
static struct fields *
begin_edit(struct run *run)
{
	struct fields *fields;

	if (run_charge(run, run->fields->n * sizeof(struct field)) < 0)
		return NULL;
	fields = fields_copy(run->arena, run->fields);
	run->fields = fields;
	run->edited = true;
	return fields;
}

/* ---- addheader ---- */

struct addheader {
	const struct text *name, *value;
	bool last;
};

static bool
addheader_check(struct compiler *compiler, struct node *node)
{
	const struct addheader *args = node->args;
	const struct texts name = { args->name, 1 };

	return source_check_names(compiler, &name);
}

static void
insert(struct fields *fields, const struct field *field, bool last)
{
	size_t at = last ? fields->n : 0;

	(void)memmove(fields->list + at + 1, fields->list + at,
	    (fields->n - at) * sizeof *fields->list);
	fields->list[at] = *field;
	fields->n++;
}

static int
addheader_run(struct run *run, const struct node *node)
{
	const struct addheader *args = node->args;
	struct slice name = text_copy(run, args->name);
	struct slice value = slice_trim(text_copy(run, args->value));
	struct field field = { .name = name };
	struct fields *fields;

	if (!source_is_name(name))
		return run_fail(run, "\"%.*s\" is no name of a header field",
		    ERRORS_WORD(name));
	if (value.n > run->environment->header_max)
		return run_fail(run,
		    "field \"%.*s\" would be longer than "
		    "%zu octets",
		    ERRORS_WORD(name), run->environment->header_max);
	if (!may_add(run, name))
		return FLOW_NEXT;
	if (run->fields->n >= SIEVE_FIELDS_MAX)
		return run_limit(run, "header fields",
		    "the header has more than %d fields", SIEVE_FIELDS_MAX);
	fields = begin_edit(run);
	if (fields == NULL)
		return RUN_FAIL;
	field.raw = header_write(
	    run->arena, name.n, value, message_line_end(run->message));
	insert(fields, &field, args->last);
	return FLOW_NEXT;
}

/* ---- deleteheader ---- */

struct deleteheader {
	const struct text *name;
};

static bool
deleteheader_check(struct compiler *compiler, struct node *node)
{
	const struct deleteheader *args = node->args;
	const struct texts name = { args->name, 1 };

	if (node->match->keys == NULL && node->match->type != MATCH_IS)
		return compile_error(
		    compiler, "\"deleteheader\" has nothing to match with");
	return source_check_names(compiler, &name) &&
	       source_check_index(compiler, node);
}

/* Does the field have to go, judged by its value? */
static int
value_matches(struct run *run, const struct node *node, size_t i)
{
	struct matching m;

	if (node->match->keys == NULL)
		return 1;
	matching_start(&m, run, node->match);
	if (matching_value(&m, fields_text(run->fields, i)) < 0)
		return RUN_FAIL;
	return matching_end(&m);
}

/* RFC 5293 4.1: with :count the number of fields is what is compared. */
static int
count_matches(struct run *run, const struct node *node, struct slice name)
{
	struct matching m;
	size_t i = fields_find(run->fields, name, 0);

	if (node->match->type != MATCH_COUNT || node->match->keys == NULL)
		return 1;
	matching_start(&m, run, node->match);
	for (; i < run->fields->n; i = fields_find(run->fields, name, i + 1)) {
		if (matching_value(&m, SLICE("")) < 0)
			return RUN_FAIL;
	}
	return matching_end(&m);
}

/* Is this the field that :index and :last mean? */
static bool
is_indexed(const struct pick *pick, size_t nth, size_t count)
{
	if (pick == NULL || pick->index == NULL)
		return true;
	return pick->last ? count - nth + 1 == *pick->index
			  : nth == *pick->index;
}

static size_t
count_fields(const struct fields *fields, struct slice name)
{
	size_t n = 0, i = fields_find(fields, name, 0);

	for (; i < fields->n; i = fields_find(fields, name, i + 1))
		n++;
	return n;
}

/* Marks in gone which fields are to go; their number, or RUN_FAIL. */
static int
find_gone(
    struct run *run, const struct node *node, struct slice name, bool *gone)
{
	size_t count = count_fields(run->fields, name), nth = 0;
	size_t i = fields_find(run->fields, name, 0);
	bool counting = node->match->type == MATCH_COUNT;
	int n = 0;

	for (; i < run->fields->n; i = fields_find(run->fields, name, i + 1)) {
		int r = counting ? 1 : 0;

		if (!is_indexed(node->pick, ++nth, count))
			continue;
		if (!counting)
			r = value_matches(run, node, i);
		if (r < 0)
			return RUN_FAIL;
		gone[i] = r > 0;
		n += r > 0;
	}
	return n;
}

static void
remove_fields(struct fields *fields, const bool *gone)
{
	size_t kept = 0;

	for (size_t i = 0; i < fields->n; i++) {
		if (!gone[i])
			fields->list[kept++] = fields->list[i];
	}
	fields->n = kept;
}

static int
deleteheader_run(struct run *run, const struct node *node)
{
	const struct deleteheader *args = node->args;
	struct slice name = text_value(run, args->name);
	struct fields *fields;
	bool *gone;
	int r;

	if (!may_delete(run, name))
		return FLOW_NEXT;
	r = count_matches(run, node, name);
	if (r <= 0)
		return r < 0 ? RUN_FAIL : FLOW_NEXT;
	gone = arena_calloc(run->arena, run->fields->n, sizeof *gone);
	r = find_gone(run, node, name, gone);
	if (r <= 0)
		return r < 0 ? RUN_FAIL : FLOW_NEXT;
	fields = begin_edit(run);
	if (fields == NULL)
		return RUN_FAIL;
	remove_fields(fields, gone);
	return FLOW_NEXT;
}

static const struct sieve_param addheader_params[] = {
	PARAM("field name", VALUE_STRING, struct addheader, name),
	PARAM("value", VALUE_STRING, struct addheader, value),
	PARAM_END,
};
static const struct sieve_param deleteheader_params[] = {
	PARAM("field name", VALUE_STRING, struct deleteheader, name),
	PARAM_KEYS_OPTIONAL,
	PARAM_END,
};

static const struct sieve_tag addheader_tags[] = {
	TAG_FLAG("last", GROUP_OWN, struct addheader, last),
	TAG_END,
};
/* Its own :index and :last are there without "index" (RFC 5293 4). */
static const struct sieve_tag deleteheader_tags[] = {
	TAG_VALUE("index", GROUP_EDIT, VALUE_NUMBER, struct pick, index),
	TAG_FLAG("last", GROUP_EDIT, struct pick, last),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "addheader", WORD_COMMAND, .size = sizeof(struct addheader),
	    .params = addheader_params, .tags = addheader_tags,
	    .check = addheader_check, .run = addheader_run },
	{ "deleteheader", WORD_COMMAND, .groups = GROUP_MATCH | GROUP_EDIT,
	    .size = sizeof(struct deleteheader), .params = deleteheader_params,
	    .tags = deleteheader_tags, .check = deleteheader_check,
	    .run = deleteheader_run },
	WORD_END,
};

const struct sieve_extension ext_editheader = {
	.name = "editheader", .words = words, .off_by_default = true
};
