/*
 * RFC 7352: duplicate.
 */
#include "sieve/mark.h"
#include "sieve/text.h"

enum { ID_HEADER = 1, ID_GIVEN };

struct duplicate {
	const struct text *handle, *id;
	int id_kind; /* 0: Message-ID */
	const uint64_t *seconds;
	bool last;
};

/* What makes the message unique; false: it has no such field. */
static bool
identity(struct run *run, const struct duplicate *args, struct slice *out)
{
	struct slice name = SLICE("Message-ID");
	size_t i;

	if (args->id_kind == ID_GIVEN) {
		*out = text_value(run, args->id);
		return true;
	}
	if (args->id_kind == ID_HEADER)
		name = text_value(run, args->id);
	i = fields_find(run->fields, name, 0);
	if (i == run->fields->n)
		return false;
	*out = fields_text(run->fields, i);
	return true;
}

static long
period(struct run *run, const struct duplicate *args)
{
	uint64_t max = (uint64_t)run->environment->duplicate_max_s;

	if (args->seconds == NULL)
		return run->environment->duplicate_default_s;
	return (long)(*args->seconds < max ? *args->seconds : max);
}

static void
remember(struct run *run, struct slice key, long period_s)
{
	struct sieve_mark *mark = run->duplicates;

	while (mark != NULL && !slice_eq(mark->key, key))
		mark = mark->next;
	if (mark == NULL) {
		mark = arena_new(run->arena, struct sieve_mark);
		mark->key = key;
		*run->duplicates_end = mark;
		run->duplicates_end = &mark->next;
	}
	mark->period_s = period_s;
}

/*
 * RFC 7352 3: the mark is set only when the whole script succeeds, so asking
 * twice in one script gives the same answer; :last counts from this time.
 */
static int
duplicate_run(struct run *run, const struct node *node)
{
	const struct duplicate *args = node->args;
	const char *kind = args->id_kind == ID_GIVEN ? "id" : "header";
	struct slice parts[3] = { slice_of(kind),
		text_or_empty(run, args->handle) };
	struct slice key;
	int seen = 0;

	if (!identity(run, args, &parts[2]))
		return 0;
	if (run_charge(run, parts[1].n + parts[2].n) < 0)
		return RUN_FAIL;
	key = mark_key(run, parts, 3);
	if (run->callbacks->duplicate_seen != NULL)
		seen = run->callbacks->duplicate_seen(run->context, key);
	if (seen < 0)
		return run_defer(run, "a mark of duplicate");
	if (!seen || args->last)
		remember(run, key, period(run, args));
	return seen;
}

static const struct sieve_tag duplicate_tags[] = {
	TAG_VALUE("handle", GROUP_OWN, VALUE_STRING, struct duplicate, handle),
	TAG_CHOICE_OF("header", GROUP_OWN, VALUE_CHOICE_STRING,
	    struct duplicate, id_kind, ID_HEADER, id),
	TAG_CHOICE_OF("uniqueid", GROUP_OWN, VALUE_CHOICE_STRING,
	    struct duplicate, id_kind, ID_GIVEN, id),
	TAG_VALUE(
	    "seconds", GROUP_OWN, VALUE_NUMBER, struct duplicate, seconds),
	TAG_FLAG("last", GROUP_OWN, struct duplicate, last),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "duplicate", WORD_TEST, .size = sizeof(struct duplicate),
	    .tags = duplicate_tags, .run = duplicate_run },
	WORD_END,
};

const struct sieve_extension ext_duplicate = { .name = "duplicate",
	.words = words };
