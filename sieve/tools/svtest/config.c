/*
 * Settings of a test, by the names that Dovecot's configuration has for them.
 */
#include <stdlib.h>

#include "sieve/tools/svtest/testsuite.h"

static struct slice
get(const struct testsuite *suite, const char *name)
{
	for (const struct entry *e = suite->settings; e != NULL; e = e->next) {
		if (slice_eq(e->name, slice_of(name)))
			return e->value;
	}
	return (struct slice){ "", 0 };
}

/* "30", "12h", "7d": seconds; fallback when it is not set. */
static long
period(const struct testsuite *suite, const char *name, long fallback)
{
	struct slice value = slice_trim(get(suite, name));
	unsigned long long n;
	long unit = 1;

	if (value.n == 0)
		return fallback;
	switch (value.p[value.n - 1]) {
	case 'd':
		unit = 86400;
		break;
	case 'h':
		unit = 3600;
		break;
	case 'm':
		unit = 60;
		break;
	}
	if (unit > 1 || value.p[value.n - 1] == 's')
		value.n--;
	return slice_number(value, 1000000000, &n) ? (long)n * unit : fallback;
}

static long
count(const struct testsuite *suite, const char *name, long fallback)
{
	unsigned long long n;

	return slice_number(slice_trim(get(suite, name)), 1000000000, &n)
		   ? (long)n
		   : fallback;
}

/* "X-Header:pattern" as field and pattern. */
static void
source_field(struct slice value, struct slice *field, struct slice *pattern)
{
	long colon = slice_find(value, ':');

	*field =
	    slice_trim(colon < 0 ? value : slice_head(value, (size_t)colon));
	*pattern = colon < 0 ? SLICE("")
			     : slice_trim(slice_tail(value, (size_t)colon + 1));
}

static struct slice
prefixed(struct testsuite *suite, const char *test, const char *name)
{
	return get(
	    suite, arena_printf(&suite->arena, "sieve_%s_%s", test, name));
}

static void
status_source(
    struct testsuite *suite, const char *test, struct sieve_status_source *to)
{
	struct slice type = prefixed(suite, test, "status_type");
	struct slice max = prefixed(suite, test, "max_value");

	source_field(
	    prefixed(suite, test, "status_header"), &to->field, &to->pattern);
	source_field(prefixed(suite, test, "max_header"), &to->max_field,
	    &to->max_pattern);
	to->max_value =
	    strtod(arena_strndup(&suite->arena, max.p, max.n), NULL);
	to->scale = SIEVE_SCALE_SCORE;
	if (slice_eq(type, SLICE("strlen")))
		to->scale = SIEVE_SCALE_STARS;
	else if (slice_eq(type, SLICE("text")))
		to->scale = SIEVE_SCALE_TEXT;
	for (int i = 0; i <= 10; i++)
		to->text[i] = prefixed(suite, test,
		    arena_printf(&suite->arena, "text_value%d", i));
}

static void
extensions(struct testsuite *suite)
{
	struct slice list = get(suite, "sieve_extensions"), bad;
	sieve_extension_set all = sieve_extensions_all();

	if (list.n == 0 ||
	    sieve_extensions_parse(list, &suite->options.extensions, &bad) < 0)
		suite->options.extensions = all;
	/* "+x" adds to what tests have anyway: everything. */
	else if (list.p[0] == '+')
		suite->options.extensions = all;
}

void
config_apply(struct testsuite *suite)
{
	struct sieve_environment *e = &suite->environment;
	struct slice delimiter = get(suite, "recipient_delimiter");
	int64_t now = e->now;

	sieve_environment_init(e);
	if (now != 0) /* one file, one moment */
		e->now = now;
	e->user_email = get(suite, "sieve_user_email");
	e->addresses = &e->user_email;
	e->n_addresses = e->user_email.n > 0;
	if (delimiter.n > 0)
		e->subaddress_separator = delimiter.p[0];
	e->redirects = count(suite, "sieve_max_redirects", e->redirects);
	e->actions = count(suite, "sieve_max_actions", e->actions);
	e->vacation_min_s =
	    period(suite, "sieve_vacation_min_period", e->vacation_min_s);
	e->vacation_max_s =
	    period(suite, "sieve_vacation_max_period", e->vacation_max_s);
	e->vacation_default_s = period(
	    suite, "sieve_vacation_default_period", e->vacation_default_s);
	e->duplicate_max_s =
	    period(suite, "sieve_duplicate_max_period", e->duplicate_max_s);
	e->duplicate_default_s = period(
	    suite, "sieve_duplicate_default_period", e->duplicate_default_s);
	e->protected_fields = get(suite, "sieve_editheader_protected");
	e->header_max = (size_t)count(
	    suite, "sieve_editheader_max_header_size", (long)e->header_max);
	status_source(suite, "spamtest", &e->spamtest);
	status_source(suite, "virustest", &e->virustest);
	extensions(suite);
}
