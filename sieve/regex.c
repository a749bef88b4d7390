#include "sieve/regex.h"

#include <errno.h>

#include "core/buf.h"
#include "core/scope.h"

/*
 * Translation. POSIX differs from PCRE2 in what a backslash means (only the
 * next character, plainly, except \1 to \9), in bracket expressions (no
 * escapes, "]" first is plain, [:class:], no [[.coll.]]), and in "(?", "*+",
 * "{,n}" and the like, which are PCRE2's own. Everything is written out again
 * from what was understood, so a pattern means the same whichever it is.
 */
struct translation {
	struct slice rest; /* of the POSIX pattern */
	struct buf out;
	unsigned depth, groups;
	/* The largest count inside each open group, to multiply bounds. */
	unsigned long repeat[REGEX_GROUPS_MAX + 1];
	unsigned long atom; /* of what the next bound applies to */
	bool has_atom;
	const char *problem;
};

static int
refuse(struct translation *t, const char *problem)
{
	t->problem = problem;
	return -EINVAL;
}

static int
peek(const struct translation *t, size_t ahead)
{
	return ahead < t->rest.n ? (unsigned char)t->rest.p[ahead] : -1;
}

static void
take(struct translation *t, size_t n)
{
	t->rest = slice_tail(t->rest, n);
}

static void
put_plain(struct translation *t, int c)
{
	if (c > 0 && c < 0x80 && strchr("\\^$.[]|()?*+{}#-/&~", c) != NULL)
		(void)buf_add_char(&t->out, '\\');
	(void)buf_add_char(&t->out, (char)c);
}

static void
new_atom(struct translation *t)
{
	t->atom = 1;
	t->has_atom = true;
	if (t->repeat[t->depth] < 1)
		t->repeat[t->depth] = 1;
}

/* [:alpha:] is the same in PCRE2, if the name is one of POSIX' twelve. */
static int
bracket_class(struct translation *t)
{
	static const char *const names[] = { "alnum", "alpha", "blank", "cntrl",
		"digit", "graph", "lower", "print", "punct", "space", "upper",
		"xdigit" };
	struct slice inner = slice_tail(t->rest, 2);
	long end = slice_find(inner, ':');

	if (end < 0 || (size_t)end + 1 >= inner.n || inner.p[end + 1] != ']')
		return refuse(t, "a character class such as [:alpha:] is "
				 "not closed");
	inner.n = (size_t)end;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!slice_eq(inner, slice_of(names[i])))
			continue;
		(void)buf_addf(&t->out, "[:%s:]", names[i]);
		take(t, inner.n + 4);
		return 0;
	}
	return refuse(t, "unknown character class");
}

static int
bracket_element(struct translation *t)
{
	int c = peek(t, 0);

	if (c == '[' && peek(t, 1) == ':')
		return bracket_class(t);
	if (c == '[' && (peek(t, 1) == '.' || peek(t, 1) == '='))
		return refuse(t, "collating elements are not supported");
	if (c == '-' && peek(t, 1) != ']' && t->out.p[t->out.n - 1] != '[' &&
	    t->out.p[t->out.n - 1] != '^')
		(void)buf_add_char(&t->out, '-'); /* a range */
	else
		put_plain(t, c);
	take(t, 1);
	return 0;
}

static int
bracket(struct translation *t)
{
	int r;

	take(t, 1);
	(void)buf_add_char(&t->out, '[');
	if (peek(t, 0) == '^') {
		(void)buf_add_char(&t->out, '^');
		take(t, 1);
	}
	do { /* "]" is plain when it comes first */
		if (peek(t, 0) < 0)
			return refuse(t, "\"[\" is never closed");
		r = bracket_element(t);
	} while (r == 0 && peek(t, 0) != ']');
	if (r < 0)
		return r;
	take(t, 1);
	(void)buf_add_char(&t->out, ']');
	new_atom(t);
	return 0;
}

static int
escape(struct translation *t)
{
	int c = peek(t, 1);

	if (c < 0)
		return refuse(t, "a backslash stands at the end");
	if (c >= '1' && c <= '9') {
		if ((unsigned)(c - '0') > t->groups)
			return refuse(t, "a back reference has no group");
		(void)buf_addf(&t->out, "\\g{%c}", c);
	} else {
		put_plain(t, c);
	}
	take(t, 2);
	new_atom(t);
	return 0;
}

static int
open_group(struct translation *t)
{
	if (t->depth == REGEX_GROUPS_MAX || t->groups == REGEX_GROUPS_MAX)
		return refuse(t, "there are too many groups");
	t->groups++;
	t->repeat[++t->depth] = 1;
	t->has_atom = false;
	(void)buf_add_char(&t->out, '(');
	take(t, 1);
	return 0;
}

static int
close_group(struct translation *t)
{
	unsigned long inner;

	if (t->depth == 0)
		return refuse(t, "\")\" closes a group that was not opened");
	inner = t->repeat[t->depth--];
	(void)buf_add_char(&t->out, ')');
	take(t, 1);
	new_atom(t);
	t->atom = inner;
	if (t->repeat[t->depth] < inner)
		t->repeat[t->depth] = inner;
	return 0;
}

static bool
number(struct translation *t, unsigned long *value_out)
{
	unsigned long long value;
	size_t n = 0;

	while (peek(t, n) >= '0' && peek(t, n) <= '9')
		n++;
	if (!slice_number(slice_head(t->rest, n), REGEX_REPEAT_MAX, &value))
		return false;
	*value_out = (unsigned long)value;
	take(t, n);
	return true;
}

/* {n}, {n,} and {n,m} */
static int
bound(struct translation *t)
{
	unsigned long low, high;
	bool open = false;

	take(t, 1);
	if (!number(t, &low))
		return refuse(t, "a bound such as {2,5} needs numbers up to "
				 "1000");
	high = low;
	if (peek(t, 0) == ',') {
		take(t, 1);
		open = peek(t, 0) == '}';
		if (!open && (!number(t, &high) || high < low))
			return refuse(t, "a bound such as {2,5} needs its "
					 "smaller number first");
	}
	if (peek(t, 0) != '}')
		return refuse(t, "a bound such as {2,5} is not closed");
	take(t, 1);
	if (open)
		(void)buf_addf(&t->out, "{%lu,}", low);
	else
		(void)buf_addf(&t->out, "{%lu,%lu}", low, high);
	t->atom *= high > 0 ? high : 1;
	if (t->atom > REGEX_REPEAT_MAX)
		return refuse(t, "nested bounds repeat more than 1000 times");
	if (t->repeat[t->depth] < t->atom)
		t->repeat[t->depth] = t->atom;
	return 0;
}

/* A group around what is repeated twice, so that "a**" is no PCRE2 syntax. */
static int
repetition(struct translation *t, int c)
{
	if (!t->has_atom)
		return refuse(t, "\"*\", \"+\", \"?\" or \"{\" has nothing to "
				 "repeat");
	if (c == '{') {
		int r = bound(t);

		if (r < 0)
			return r;
	} else {
		(void)buf_add_char(&t->out, (char)c);
		take(t, 1);
	}
	/* POSIX leaves "a+*" undefined; in PCRE2 "a++" means another thing. */
	if (peek(t, 0) == '*' || peek(t, 0) == '+' || peek(t, 0) == '?' ||
	    peek(t, 0) == '{')
		return refuse(t, "two repetitions follow each other");
	t->has_atom = false;
	return 0;
}

static int
element(struct translation *t)
{
	int c = peek(t, 0);

	switch (c) {
	case '\\':
		return escape(t);
	case '[':
		return bracket(t);
	case '(':
		return open_group(t);
	case ')':
		return close_group(t);
	case '*':
	case '+':
	case '?':
	case '{':
		return repetition(t, c);
	case '.':
	case '^':
	case '$':
	case '|':
		(void)buf_add_char(&t->out, (char)c);
		break;
	default:
		put_plain(t, c);
	}
	take(t, 1);
	/* An octet in the middle of a character is no atom of its own. */
	new_atom(t);
	t->has_atom = c != '|' && c != '^' && c != '$';
	return 0;
}

static int
translate(struct translation *t, struct slice pattern)
{
	t->rest = pattern;
	if (pattern.n > REGEX_PATTERN_MAX)
		return refuse(t, "it is longer than 4096 octets");
	if (!slice_is_text(pattern))
		return refuse(t, "it is not UTF-8 text");
	while (t->rest.n > 0) {
		int r = element(t);

		if (r < 0)
			return r;
	}
	if (t->depth > 0)
		return refuse(t, "\"(\" is never closed");
	return 0;
}

int
regex_compile(struct slice pattern, bool fold_case, pcre2_code **code_out,
    const char **problem_out)
{
	AUTO_FREE struct translation *t = calloc(1, sizeof *t);
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOTALL |
			   PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
			   PCRE2_NO_AUTO_POSSESS | PCRE2_AUTO_CALLOUT;
	PCRE2_SIZE offset;
	int r, error;

	if (t == NULL)
		abort();
	t->out = (struct buf)BUF_INIT(16 * REGEX_PATTERN_MAX);
	r = translate(t, pattern);
	*problem_out = t->problem;
	if (r == 0) {
		*code_out = pcre2_compile((PCRE2_SPTR)buf_text(&t->out),
		    t->out.n, options | (fold_case ? PCRE2_CASELESS : 0),
		    &error, &offset, NULL);
		if (*code_out == NULL) {
			*problem_out = "it is too large or not valid";
			r = -EINVAL;
		}
	}
	buf_free(&t->out);
	return r;
}

/*
 * Matching. PCRE2's own match limit starts anew at each place of the subject,
 * so a long subject would multiply it. Instead the pattern is compiled with a
 * callout before each item, and each callout pays. Without auto-possessive
 * loops every octet that a repetition gives back meets the next item, so what
 * is not counted is bounded by what is. PCRE2's limits stay as a second wall.
 */
enum {
	ITEM_COST = 16, /* octets compared in the time of one item */
	MATCH_LIMIT = 5000000,
	DEPTH_MAX = 20000,
	HEAP_KB_MAX = 4096,
};

struct meter {
	uint64_t fuel, item_cost;
};

static int
on_item(pcre2_callout_block *block, void *context)
{
	struct meter *meter = context;

	(void)block;
	if (meter->fuel < meter->item_cost) {
		meter->fuel = 0;
		return PCRE2_ERROR_CALLOUT;
	}
	meter->fuel -= meter->item_cost;
	return 0;
}

/* A back reference compares up to the whole subject in one item. */
static uint64_t
item_cost(const pcre2_code *code, struct slice value)
{
	uint32_t references = 0;

	(void)pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &references);
	return ITEM_COST + (references > 0 ? value.n / 4 : 0);
}

static int
metered_match(const pcre2_code *code, struct slice value,
    pcre2_match_data *data, struct meter *meter)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	int r;

	if (context == NULL)
		abort();
	(void)pcre2_set_match_limit(context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(context, DEPTH_MAX);
	(void)pcre2_set_heap_limit(context, HEAP_KB_MAX);
	(void)pcre2_set_callout(context, on_item, meter);
	r = pcre2_match(code, (PCRE2_SPTR)(value.n > 0 ? value.p : ""), value.n,
	    0, 0, data, context);
	pcre2_match_context_free(context);
	return r;
}

static void
take_groups(struct slice value, pcre2_match_data *data, int count,
    struct slice *groups, size_t max)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);

	for (size_t i = 0; i < max; i++) {
		groups[i] = (struct slice){ "", 0 };
		if (i >= (size_t)count || at[2 * i] == PCRE2_UNSET)
			continue;
		groups[i] = slice_head(
		    slice_tail(value, at[2 * i]), at[2 * i + 1] - at[2 * i]);
	}
}

int
regex_match(const pcre2_code *code, struct slice value, struct slice *groups,
    size_t max, size_t *n_out, uint64_t *fuel)
{
	struct meter meter = { *fuel, item_cost(code, value) };
	pcre2_match_data *data;
	uint32_t n;
	int r;

	if (*fuel < value.n)
		return -1;
	meter.fuel -= value.n;
	data = pcre2_match_data_create_from_pattern(code, NULL);
	if (data == NULL)
		abort();
	r = metered_match(code, value, data, &meter);
	*fuel = meter.fuel;
	if (r >= 0) {
		n = pcre2_get_ovector_count(data);
		*n_out = n < max ? n : max;
		take_groups(value, data, r, groups, *n_out);
	}
	pcre2_match_data_free(data);
	if (r >= 0)
		return 1;
	return r == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
