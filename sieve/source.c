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
	source_on_field *on_field;
	void *context;
	uint64_t left; /* fields to pass by until the one :index means */
};

static int
visit(struct walk *walk, struct fields *fields, size_t i)
{
	if (walk->left > 0 && --walk->left > 0)
		return 0;
	return walk->on_field(walk->context, walk->run, fields, i);
}

static bool
is_done(const struct walk *walk)
{
	return walk->pick != NULL && walk->pick->index != NULL &&
	       walk->left == 0;
}

static int
forward(struct walk *walk, struct fields *fields, struct slice name)
{
	size_t i = fields_find(fields, name, 0);
	int r = 0;

	while (i < fields->n && r == 0) {
		r = visit(walk, fields, i);
		if (is_done(walk))
			break;
		i = fields_find(fields, name, i + 1);
	}
	return r;
}

static int
backward(struct walk *walk, struct fields *fields, struct slice name)
{
	int r = 0;

	for (size_t i = fields->n; i > 0 && r == 0 && !is_done(walk); i--) {
		if (field_is(&fields->list[i - 1], name))
			r = visit(walk, fields, i - 1);
	}
	return r;
}

static int
in_fields(struct walk *walk, struct fields *fields, struct slice name)
{
	/* A header of thousands of fields is looked through for each name. */
	if (run_charge(walk->run, fields->n) < 0)
		return RUN_FAIL;
	if (walk->pick != NULL && walk->pick->last)
		return backward(walk, fields, name);
	return forward(walk, fields, name);
}

/* RFC 5703 4: the current part, and with :anychild all below it. */
static int
in_parts(struct walk *walk, struct slice name)
{
	const struct part *top = mime_current(walk->run);
	const struct part *part = top;
	int r = 0;

	if (top == NULL)
		return RUN_FAIL;
	while (part != NULL && r == 0 && !is_done(walk)) {
		r = in_fields(walk, mime_fields(walk->run, part), name);
		part = walk->pick->anychild ? mime_next(top, part) : NULL;
	}
	return r;
}

static int
by_name(struct walk *walk, struct slice name)
{
	if (walk->pick != NULL && walk->pick->mime)
		return in_parts(walk, name);
	return in_fields(walk, walk->run->fields, name);
}

static struct walk
start(struct run *run, const struct pick *pick, source_on_field *on_field,
    void *context)
{
	struct walk walk = { run, pick, on_field, context, 0 };

	if (pick != NULL && pick->index != NULL)
		walk.left = *pick->index;
	return walk;
}

int
source_each(struct run *run, const struct pick *pick, struct slice name,
    source_on_field *on_field, void *context)
{
	struct walk walk = start(run, pick, on_field, context);

	return by_name(&walk, name);
}

/*
 * RFC 5260 6: several names are counted in the order of the list, all fields
 * of the first name before those of the second; :last counts from the end.
 */
int
source_all(struct run *run, const struct pick *pick,
    const struct texts *names, source_on_field *on_field, void *context)
{
	struct walk walk = start(run, pick, on_field, context);
	bool last = pick != NULL && pick->last;
	int r = 0;

	for (size_t i = 0; i < names->n && r == 0 && !is_done(&walk); i++) {
		size_t at = last ? names->n - 1 - i : i;

		r = by_name(&walk, text_value(run, &names->list[at]));
	}
	return r;
}
