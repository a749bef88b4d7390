#include "sieve/source.h"

#include "sieve/mime.h"
#include "sieve/text.h"

/* ---- Compiling ---- */

bool
source_is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c >= 0x7f || c == ':')
			return false;
	}
	return name.n > 0;
}

bool
source_check_names(struct compiler *compiler, const struct texts *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct slice name = names->list[i].fixed;

		if (!text_is_fixed(&names->list[i]) || source_is_name(name))
			continue;
		return compile_error(compiler,
		    "\"%.*s\" is no name of a "
		    "header field: it has no colon, blank or 8-bit letter",
		    ERRORS_WORD(name));
	}
	return true;
}

bool
source_check_index(struct compiler *compiler, const struct node *node)
{
	const struct pick *pick = node->pick;

	if (pick == NULL)
		return true;
	if (pick->last && pick->index == NULL)
		return compile_error(compiler, "\":last\" needs \":index\"");
	if (pick->index != NULL && *pick->index == 0)
		return compile_error(compiler, "\":index\" counts from 1");
	return true;
}

/* ---- Running ---- */

struct walk {
	struct run *run;
	const struct pick *pick;
	struct slice name;
	source_on_field *on_field;
	void *context;
};

static int
every(const struct walk *walk, struct fields *fields)
{
	size_t i = fields_find(fields, walk->name, 0);

	for (; i < fields->n; i = fields_find(fields, walk->name, i + 1)) {
		int r = walk->on_field(walk->context, walk->run, fields, i);

		if (r != 0)
			return r;
	}
	return 0;
}

/* The Nth field of that name, from the end if wanted. */
static int
nth(const struct walk *walk, struct fields *fields)
{
	uint64_t left = *walk->pick->index;
	size_t i = walk->pick->last ? fields->n : 0;

	while (walk->pick->last ? i > 0 : i < fields->n) {
		size_t at = walk->pick->last ? --i : i++;

		if (!field_is(&fields->list[at], walk->name) || --left > 0)
			continue;
		return walk->on_field(walk->context, walk->run, fields, at);
	}
	return 0;
}

static int
in_fields(const struct walk *walk, struct fields *fields)
{
	/* A header of thousands of fields is looked through for each name. */
	if (run_charge(walk->run, fields->n) < 0)
		return RUN_FAIL;
	if (walk->pick != NULL && walk->pick->index != NULL)
		return nth(walk, fields);
	return every(walk, fields);
}

/* RFC 5703 4: the current part, and with :anychild all below it. */
static int
in_parts(const struct walk *walk)
{
	const struct part *top = mime_current(walk->run);
	const struct part *part = top;

	if (top == NULL)
		return RUN_FAIL;
	do {
		int r = in_fields(walk, mime_fields(walk->run, part));

		if (r != 0 || !walk->pick->anychild)
			return r;
		part = mime_next(top, part);
	} while (part != NULL);
	return 0;
}

int
source_each(struct run *run, const struct pick *pick, struct slice name,
    source_on_field *on_field, void *context)
{
	const struct walk walk = { run, pick, name, on_field, context };

	if (pick != NULL && pick->mime)
		return in_parts(&walk);
	return in_fields(&walk, run->fields);
}

int
source_all(struct run *run, const struct pick *pick, const struct texts *names,
    source_on_field *on_field, void *context)
{
	int r = 0;

	for (size_t i = 0; i < names->n && r == 0; i++)
		r = source_each(run, pick, text_value(run, &names->list[i]),
		    on_field, context);
	return r;
}
