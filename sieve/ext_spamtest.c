/*
 * RFC 5235: spamtest, spamtestplus and virustest.
 *
 * A filter before us wrote its result into a header field; the site says
 * which, and how it is to be read. 0 is "not tested".
 */
#include <math.h>
#include <stdlib.h>

#include "sieve/match.h"
#include "sieve/regex.h"
#include "sieve/text.h"

enum { SPAM_MAX = 10, VIRUS_MAX = 5, PERCENT_MAX = 100 };

struct spamtest {
	bool percent;
};

/* What the pattern finds in the named field; false: nothing. */
static bool
extract(struct run *run, struct slice field, struct slice pattern,
    struct slice *out)
{
	size_t i = fields_find(run->fields, field, 0), n = 0;
	struct slice groups[2];
	const char *problem;
	pcre2_code *code;
	uint64_t fuel = run->cost_max - run->cost;
	int r;

	if (field.n == 0 || i == run->fields->n)
		return false;
	*out = fields_text(run->fields, i);
	if (pattern.n == 0)
		return true;
	if (regex_compile(pattern, true, &code, &problem) < 0)
		return false; /* the site's mistake: as if not tested */
	r = regex_match(code, *out, groups, 2, &n, &fuel);
	pcre2_code_free(code);
	run->cost = run->cost_max - fuel;
	if (r > 0)
		*out = groups[n > 1 ? 1 : 0];
	return r > 0;
}

static double
number(struct slice s)
{
	char text[32] = "";
	double value;

	s = slice_head(slice_trim(s), sizeof text - 1);
	if (s.n > 0)
		(void)memcpy(text, s.p, s.n);
	value = strtod(text, NULL);
	return isfinite(value) ? value : 0;
}

/* The status as a share of its maximum, 0 to 1; negative: not tested. */
static double
ratio(struct run *run, const struct sieve_status_source *source,
    struct slice status)
{
	double max = source->max_value, value;
	struct slice text;

	if (source->max_field.n > 0 &&
	    extract(run, source->max_field, source->max_pattern, &text))
		max = number(text);
	if (max <= 0)
		return -1;
	value = source->scale == SIEVE_SCALE_STARS ? (double)status.n
						   : number(status);
	if (value < 0)
		return 0;
	return value < max ? value / max : 1;
}

static int
by_word(const struct sieve_status_source *source, struct slice status, int max)
{
	for (int i = 0; i <= max; i++) {
		if (source->text[i].n > 0 &&
		    slice_eq_nocase(slice_trim(status), source->text[i]))
			return i;
	}
	return 0;
}

/* The site's result on a scale from low (tested, harmless) to max. */
static int
value_of(
    struct run *run, const struct sieve_status_source *source, int low, int max)
{
	struct slice status;
	double share;

	if (!extract(run, source->field, source->pattern, &status))
		return 0;
	if (source->scale == SIEVE_SCALE_TEXT)
		return by_word(
		    source, status, max <= SPAM_MAX ? max : SPAM_MAX);
	share = ratio(run, source, status);
	return share < 0 ? 0 : low + (int)(share * (max - low) + 0.5);
}

static int
compare(struct run *run, const struct node *node, int value)
{
	struct matching m;

	matching_start(&m, run, node->match);
	if (matching_value(&m, run_printf(run, "%d", value)) < 0)
		return RUN_FAIL;
	return matching_end(&m);
}

/* RFC 5235 2: 1 to 10, or with :percent 0 to 100; 0 if not tested. */
static int
spamtest_run(struct run *run, const struct node *node)
{
	const struct spamtest *args = node->args;
	const struct sieve_status_source *source = &run->environment->spamtest;
	int value;

	if (args->percent)
		value = value_of(run, source, 0, PERCENT_MAX);
	else
		value = value_of(run, source, 1, SPAM_MAX);
	if (args->percent && source->scale == SIEVE_SCALE_TEXT)
		value *= PERCENT_MAX / SPAM_MAX;
	return compare(run, node, value);
}

static int
virustest_run(struct run *run, const struct node *node)
{
	return compare(run, node,
	    value_of(run, &run->environment->virustest, 1, VIRUS_MAX));
}

static const struct sieve_param params[] = {
	PARAM_KEYS(VALUE_KEY),
	PARAM_END,
};

static const struct sieve_word spamtest_words[] = {
	{ "spamtest", WORD_TEST, .groups = GROUP_MATCH | GROUP_SPAM,
	    .size = sizeof(struct spamtest), .params = params,
	    .run = spamtest_run },
	WORD_END,
};
static const struct sieve_word virustest_words[] = {
	{ "virustest", WORD_TEST, .groups = GROUP_MATCH, .params = params,
	    .run = virustest_run },
	WORD_END,
};

static const struct sieve_tag plus_tags[] = {
	TAG_FLAG("percent", GROUP_SPAM, struct spamtest, percent),
	TAG_END,
};

const struct sieve_extension ext_spamtest = {
	.name = "spamtest", .words = spamtest_words, .off_by_default = true
};
const struct sieve_extension ext_spamtestplus = {
	.name = "spamtestplus",
	.tags = plus_tags,
	.implies = "spamtest",
	.off_by_default = true,
};
const struct sieve_extension ext_virustest = {
	.name = "virustest", .words = virustest_words, .off_by_default = true
};
