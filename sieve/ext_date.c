/*
 * RFC 5260 4 and 5: date and currentdate.
 *
 * What a part looks like is compared by scripts as a string, iso8601 above
 * all, so its form must never change.
 */
#include "sieve/datetime.h"
#include "sieve/match.h"
#include "sieve/source.h"
#include "sieve/text.h"

enum { ZONE_GIVEN = 1, ZONE_ORIGINAL };

struct date {
	const struct text *header; /* of date only */
	const struct text *part;
	int zone; /* 0: that of the site */
	const struct text *zone_text;
};

static bool
date_check(struct compiler *compiler, struct node *node)
{
	const struct date *args = node->args;
	int minutes;

	if (text_is_fixed(args->part) && !datetime_is_part(args->part->fixed))
		return compile_error(compiler, "a date has no part \"%.*s\"",
		    ERRORS_WORD(args->part->fixed));
	if (args->zone == ZONE_GIVEN && text_is_fixed(args->zone_text) &&
	    !datetime_zone(args->zone_text->fixed, &minutes))
		return compile_error(compiler,
		    "a time zone looks like \"+0100\", not \"%.*s\"",
		    ERRORS_WORD(args->zone_text->fixed));
	return source_check_index(compiler, node);
}

struct date_matching {
	struct matching matching;
	const struct date *args;
};

/* Minutes to show a time in; original: of the field it stood in. */
static int
zone_for(struct run *run, const struct date *args, int64_t at, int original)
{
	int minutes;

	if (args->zone == ZONE_ORIGINAL)
		return original;
	if (args->zone == ZONE_GIVEN &&
	    datetime_zone(text_value(run, args->zone_text), &minutes))
		return minutes;
	return run_zone_minutes(run, at);
}

static int
feed(struct date_matching *m, int64_t at, int original_zone)
{
	struct run *run = m->matching.run;
	struct slice part = text_value(run, m->args->part);
	char text[DATETIME_PART_MAX];
	struct datetime date;
	size_t n;

	if (!datetime_is_part(part))
		return run_fail(
		    run, "a date has no part \"%.*s\"", ERRORS_WORD(part));
	datetime_split(at, zone_for(run, m->args, at, original_zone), &date);
	n = datetime_part(&date, part, text);
	/* Captures may look at it for the rest of the run. */
	return matching_value(
	    &m->matching, arena_slice(run->arena, (struct slice){ text, n }));
}

static int
date_field(void *context, struct run *run, struct fields *fields, size_t i)
{
	struct slice value = fields_text(fields, i);
	/* In Received the date comes last (RFC 5322 3.6.7). */
	long semicolon = slice_rfind(value, ';');
	int64_t at;
	int zone;

	if (run_charge(run, value.n) < 0)
		return RUN_FAIL;
	if (semicolon >= 0)
		value = slice_tail(value, (size_t)semicolon + 1);
	if (!datetime_parse(value, &at, &zone))
		return 0;
	return feed(context, at, zone);
}

static int
date_run(struct run *run, const struct node *node)
{
	const struct date *args = node->args;
	struct date_matching m = { .args = args };
	/* RFC 5260 4: only the first field counts unless :index says so. */
	static const uint64_t first = 1;
	struct pick pick = { .index = &first };

	if (node->pick != NULL && node->pick->index != NULL)
		pick = *node->pick;
	matching_start(&m.matching, run, node->match);
	if (source_each(
		run, &pick, text_value(run, args->header), date_field, &m) < 0)
		return RUN_FAIL;
	return matching_end(&m.matching);
}

static int
currentdate_run(struct run *run, const struct node *node)
{
	struct date_matching m = { .args = node->args };
	int64_t now = run->environment->now;

	matching_start(&m.matching, run, node->match);
	if (feed(&m, now, run_zone_minutes(run, now)) < 0)
		return RUN_FAIL;
	return matching_end(&m.matching);
}

static const struct sieve_param date_params[] = {
	PARAM("header name", VALUE_STRING, struct date, header),
	PARAM("date part", VALUE_STRING, struct date, part),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};
static const struct sieve_param currentdate_params[] = {
	PARAM("date part", VALUE_STRING, struct date, part),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};

#define ZONE                                                                   \
	TAG_CHOICE_OF("zone", GROUP_OWN, VALUE_CHOICE_STRING, struct date,     \
	    zone, ZONE_GIVEN, zone_text)

static const struct sieve_tag date_tags[] = {
	ZONE,
	TAG_CHOICE("originalzone", GROUP_OWN, struct date, zone, ZONE_ORIGINAL),
	TAG_END,
};
static const struct sieve_tag currentdate_tags[] = { ZONE, TAG_END };

static const struct sieve_word words[] = {
	{ "date", WORD_TEST, .groups = GROUP_MATCH | GROUP_INDEX,
	    .size = sizeof(struct date), .params = date_params,
	    .tags = date_tags, .check = date_check, .run = date_run },
	{ "currentdate", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct date), .params = currentdate_params,
	    .tags = currentdate_tags, .check = date_check,
	    .run = currentdate_run },
	WORD_END,
};

const struct sieve_extension ext_date = { .name = "date", .words = words };
