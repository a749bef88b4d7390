#include "sieve/match.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sieve/glob.h"
#include "sieve/regex.h"
#include "sieve/text.h"

/* ---- Compiling ---- */

static const struct comparator *const comparators[] = { &comparator_casemap,
	&comparator_octet, &comparator_numeric };

static bool
needs_substrings(int type)
{
	return type == MATCH_CONTAINS || type == MATCH_MATCHES ||
	       type == MATCH_REGEX;
}

static const struct comparator *
find_comparator(struct slice name)
{
	for (size_t i = 0; i < sizeof comparators / sizeof *comparators; i++) {
		if (slice_eq(name, slice_of(comparators[i]->name)))
			return comparators[i];
	}
	return NULL;
}

static bool
compile_comparator(struct compiler *compiler, struct match *match)
{
	const struct comparator *comparator = &comparator_casemap;
	struct slice name;

	if (match->comparator_text != NULL) {
		name = match->comparator_text->fixed;
		comparator = find_comparator(name);
		if (comparator == NULL ||
		    !text_is_fixed(match->comparator_text))
			return compile_error(compiler,
			    "unknown comparator \"%.*s\"", ERRORS_WORD(name));
	}
	if (!comparator->extension->silent &&
	    !compile_has(compiler, comparator->extension))
		return compile_error(compiler,
		    "comparator \"%s\" needs "
		    "require \"%s\"",
		    comparator->name, comparator->extension->name);
	if (needs_substrings(match->type) && !comparator->substrings)
		return compile_error(compiler,
		    "comparator \"%s\" cannot look "
		    "for parts of a value",
		    comparator->name);
	match->comparator = comparator;
	return true;
}

/* RFC 5231 3 */
static bool
compile_relation(struct compiler *compiler, struct match *match)
{
	static const char *const names[] = { "eq", "ne", "gt", "ge", "lt",
		"le" };
	struct slice name;

	if (match->relation_text == NULL)
		return true;
	name = match->relation_text->fixed;
	for (int i = 0; i < 6; i++) {
		if (text_is_fixed(match->relation_text) &&
		    slice_eq_nocase(name, slice_of(names[i])))
			match->relation = (enum relation)(RELATION_EQ + i);
	}
	if (match->relation == 0)
		return compile_error(compiler,
		    "\"%.*s\" is no relation: it "
		    "must be \"gt\", \"ge\", \"lt\", \"le\", \"eq\" or "
		    "\"ne\"",
		    ERRORS_WORD(name));
	return true;
}

static bool
compile_regexes(struct compiler *compiler, struct match *match)
{
	pcre2_code **codes =
	    arena_calloc(compiler->arena, match->keys->n, sizeof(pcre2_code *));
	bool fold_case = match->comparator->fold_case;
	const char *problem;

	for (size_t i = 0; i < match->keys->n; i++) {
		const struct text *key = &match->keys->list[i];

		if (!text_is_fixed(key))
			continue;
		if (regex_compile(key->fixed, fold_case, &codes[i], &problem) <
		    0)
			return compile_error(compiler,
			    "regular expression \"%.*s\": %s",
			    ERRORS_WORD(key->fixed), problem);
		compile_keep_regex(compiler, codes[i]);
	}
	match->regexes = codes;
	return true;
}

bool
match_compile(struct compiler *compiler, struct match *match)
{
	if (match->type == 0)
		match->type = MATCH_IS;
	if (!compile_comparator(compiler, match) ||
	    !compile_relation(compiler, match))
		return false;
	if (match->type == MATCH_REGEX && match->keys != NULL)
		return compile_regexes(compiler, match);
	return true;
}

/* ---- Running ---- */

void
matching_start(struct matching *m, struct run *run, const struct match *match)
{
	size_t n = match->keys->n;

	*m = (struct matching){ .run = run, .match = match, .n_keys = n };
	m->keys = n == 1 ? &m->key
			 : arena_calloc(run->arena, n, sizeof(struct slice));
	for (size_t i = 0; i < n; i++)
		m->keys[i] = text_value(run, &match->keys->list[i]);
}

/* What the run may still spend; fuel is what is left of it afterwards. */
static int
spend(struct run *run, uint64_t fuel, int outcome)
{
	run->cost = run->cost_max - fuel;
	return outcome < 0 ? run_over_budget(run) : outcome;
}

/* Octets that both have in common at their front, case folded. */
static size_t
common(const char *a, const char *b, size_t n)
{
	size_t i = 0;

	while (i < n && ascii_lower((unsigned char)a[i]) ==
			    ascii_lower((unsigned char)b[i]))
		i++;
	return i;
}

/* Every octet of a false start is paid for: "aaa…b" in "aaaa…" is dear. */
static int
contains_folded(struct slice value, struct slice key, uint64_t *fuel)
{
	const char *end = value.p + (value.n - key.n + 1);
	unsigned char first = ascii_lower((unsigned char)key.p[0]);

	for (const char *p = value.p; p < end; p++) {
		size_t n;

		if (ascii_lower((unsigned char)*p) != first)
			continue;
		n = common(p, key.p, key.n);
		if (n == key.n)
			return 1;
		if (n > *fuel)
			return -1;
		*fuel -= n;
	}
	return 0;
}

static int
contains(struct matching *m, struct slice value, struct slice key)
{
	struct run *run = m->run;
	uint64_t fuel;
	int outcome;

	if (key.n == 0)
		return 1;
	if (key.n > value.n)
		return 0;
	if (run_charge(run, value.n) < 0)
		return RUN_FAIL;
	if (!m->match->comparator->fold_case) /* glibc's is linear */
		return memmem(value.p, value.n, key.p, key.n) != NULL;
	fuel = run->cost_max - run->cost;
	outcome = contains_folded(value, key, &fuel);
	return spend(run, fuel, outcome);
}

static int
glob(struct matching *m, struct slice value, struct slice key)
{
	struct run *run = m->run;
	struct frame *frame = run->frame;
	struct slice list[MATCH_VALUES_MAX];
	struct glob_captures captures = { list, 0, MATCH_VALUES_MAX - 1 };
	uint64_t fuel = run->cost_max - run->cost;
	bool capture = frame->program->uses_matches;
	int outcome = glob_match(key, value, m->match->comparator->fold_case,
	    capture ? &captures : NULL, &fuel);

	if (outcome == 1 && capture) {
		frame->matches[0] = value;
		(void)memcpy(
		    frame->matches + 1, list, captures.n * sizeof *list);
		frame->n_matches = captures.n + 1;
	}
	return spend(run, fuel, outcome);
}

/* A pattern with variables: compiled now, freed when the run ends. */
static const pcre2_code *
dynamic_regex(struct matching *m, struct slice pattern)
{
	struct run *run = m->run;
	const char *problem;
	pcre2_code *code;

	if (run_charge(run, 64 * pattern.n) < 0)
		return NULL;
	if (regex_compile(pattern, m->match->comparator->fold_case, &code,
		&problem) < 0) {
		(void)run_fail(run, "regular expression \"%.*s\": %s",
		    ERRORS_WORD(pattern), problem);
		return NULL;
	}
	run_keep_regex(run, code);
	return code;
}

static int
regex(struct matching *m, struct slice value, size_t i)
{
	struct run *run = m->run;
	struct frame *frame = run->frame;
	const pcre2_code *code = m->match->regexes[i];
	struct slice groups[MATCH_VALUES_MAX];
	size_t n;
	uint64_t fuel;
	int outcome;

	if (code == NULL)
		code = dynamic_regex(m, m->keys[i]);
	if (code == NULL)
		return RUN_FAIL;
	fuel = run->cost_max - run->cost;
	outcome = regex_match(code, value, groups, MATCH_VALUES_MAX, &n, &fuel);
	if (outcome == 1 && frame->program->uses_matches) {
		(void)memcpy(frame->matches, groups, n * sizeof *groups);
		frame->n_matches = n;
	}
	return spend(run, fuel, outcome);
}

bool
match_relation(enum relation relation, int order)
{
	switch (relation) {
	case RELATION_EQ:
		return order == 0;
	case RELATION_NE:
		return order != 0;
	case RELATION_GT:
		return order > 0;
	case RELATION_GE:
		return order >= 0;
	case RELATION_LT:
		return order < 0;
	default:
		return order <= 0;
	}
}

static int
equal(struct matching *m, struct slice value, struct slice key)
{
	const struct comparator *comparator = m->match->comparator;

	if (comparator == &comparator_casemap)
		return slice_eq_nocase(value, key);
	return comparator->order(value, key) == 0;
}

/* RFC 6134: the key names a list that holds the value or does not. */
static int
in_list(struct matching *m, struct slice value, struct slice key)
{
	struct run *run = m->run;
	int r = 0;

	if (run->callbacks->list_contains != NULL)
		r = run->callbacks->list_contains(run->context, key, value);
	return r < 0 ? run_defer(run, "an external list") : r;
}

static int
compare(struct matching *m, struct slice value, size_t i)
{
	struct slice key = m->keys[i];

	switch (m->match->type) {
	case MATCH_CONTAINS:
		return contains(m, value, key);
	case MATCH_MATCHES:
		return glob(m, value, key);
	case MATCH_REGEX:
		return regex(m, value, i);
	case MATCH_VALUE:
		return match_relation(m->match->relation,
		    m->match->comparator->order(value, key));
	case MATCH_LIST:
		return in_list(m, value, key);
	default:
		return equal(m, value, key);
	}
}

int
matching_value(struct matching *m, struct slice value)
{
	m->values++;
	if (m->match->type == MATCH_COUNT)
		return run_charge(m->run, RUN_COMPARE_COST);
	for (size_t i = 0; i < m->n_keys && m->outcome == 0; i++) {
		if (run_charge(m->run, RUN_COMPARE_COST) < 0)
			m->outcome = RUN_FAIL;
		else
			m->outcome = compare(m, value, i);
	}
	return m->outcome;
}

/* RFC 5231 6: the number of values is compared as if it were a value. */
static int
count(struct matching *m)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, m->values);
	struct slice value = { digits, (size_t)n };

	for (size_t i = 0; i < m->n_keys; i++) {
		int order = m->match->comparator->order(value, m->keys[i]);

		if (match_relation(m->match->relation, order))
			return 1;
	}
	return 0;
}

int
matching_end(struct matching *m)
{
	if (m->match->type == MATCH_COUNT && m->outcome == 0)
		return count(m);
	return m->outcome;
}
