/*
 * draft-martin-sieve-notify: notify and denotify, as old clients write them.
 *
 * Only the method "mailto" is known; its addresses stand in ":options". What
 * RFC 5435 made of it is in ext_enotify.c, and a script requires one of them.
 */
#include "core/buf.h"
#include "sieve/action.h"
#include "sieve/address.h"
#include "sieve/match.h"
#include "sieve/text.h"

enum { MESSAGE_MAX = 4096 };
enum { PRIORITY_HIGH = 1, PRIORITY_NORMAL, PRIORITY_LOW };

struct notify {
	const struct text *method, *id, *message;
	const struct texts *options;
	int priority; /* 0: normal */
};

static bool
notify_check(struct compiler *compiler, struct node *node)
{
	const struct notify *args = node->args;

	if (args->method != NULL && text_is_fixed(args->method) &&
	    !slice_eq_nocase(args->method->fixed, SLICE("mailto")))
		return compile_error(compiler,
		    "only \"mailto\" is known as a method of \"notify\"");
	return args->options != NULL ||
	       compile_error(compiler, "\"notify\" needs the addresses to "
				       "notify in \":options\"");
}

static struct slice
field(struct run *run, const char *name)
{
	size_t i = fields_find(run->fields, slice_of(name), 0);

	return i < run->fields->n ? fields_text(run->fields, i) : SLICE("");
}

/* The draft's own variables, such as "$subject$". False: none is here. */
static bool
substitute(struct run *run, struct slice *rest, struct buf *to)
{
	static const char *const names[] = { "$from$", "$env-from$",
		"$subject$" };
	const struct slice values[] = { field(run, "From"), run->envelope.from,
		field(run, "Subject") };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!slice_starts_nocase(*rest, slice_of(names[i])))
			continue;
		(void)buf_add_slice(to, values[i]);
		*rest = slice_tail(*rest, strlen(names[i]));
		return true;
	}
	return false;
}

static struct slice
message(struct run *run, const struct notify *args)
{
	AUTO_BUF struct buf to = BUF_INIT(MESSAGE_MAX);
	struct slice rest = SLICE("$from$: $subject$");

	if (args->message != NULL)
		rest = text_value(run, args->message);
	while (rest.n > 0) {
		if (substitute(run, &rest, &to))
			continue;
		(void)buf_add_char(&to, rest.p[0]);
		rest = slice_tail(rest, 1);
	}
	return arena_slice(run->arena, buf_slice(&to));
}

/* The addresses among the options; their number. */
static size_t
addresses(struct run *run, const struct notify *args, struct slice *list)
{
	struct address address;
	size_t n = 0;

	for (size_t i = 0; i < args->options->n; i++) {
		struct slice text = text_copy(run, &args->options->list[i]);

		if (address_parse(run->arena, text, &address))
			list[n++] = address.text;
	}
	return n;
}

static int
notify_run(struct run *run, const struct node *node)
{
	const struct notify *args = node->args;
	struct slice *list =
	    arena_calloc(run->arena, args->options->n, sizeof *list);
	size_t n = addresses(run, args, list);
	struct sieve_action *action;

	if (run_charge(run, MESSAGE_MAX) < 0)
		return RUN_FAIL;
	if (n == 0)
		return run_fail(run, "\"notify\" names no address");
	action = action_add(run, SIEVE_NOTIFY);
	if (action == NULL)
		return RUN_FAIL;
	action->notify.method = SLICE("mailto:");
	action->notify.id = text_copy(run, args->id);
	action->notify.message = message(run, args);
	action->notify.importance =
	    args->priority != 0 ? args->priority : PRIORITY_NORMAL;
	action->notify.to = list;
	action->notify.n_to = n;
	return FLOW_NEXT;
}

/* ---- denotify ---- */

struct denotify {
	int priority; /* 0: any */
};

/* Does the notification have to go? */
static int
is_meant(
    struct run *run, const struct node *node, const struct sieve_action *action)
{
	const struct denotify *args = node->args;
	struct matching m;

	if (action->type != SIEVE_NOTIFY ||
	    (args->priority != 0 &&
		args->priority != action->notify.importance))
		return 0;
	if (node->match->keys == NULL)
		return 1;
	matching_start(&m, run, node->match);
	if (matching_value(&m, action->notify.id) < 0)
		return RUN_FAIL;
	return matching_end(&m);
}

static int
denotify_run(struct run *run, const struct node *node)
{
	struct sieve_action **link = &run->actions;

	while (*link != NULL) {
		int r = is_meant(run, node, *link);

		if (r < 0)
			return RUN_FAIL;
		if (r > 0) {
			*link = (*link)->next;
			run->n_actions--;
		} else {
			link = &(*link)->next;
		}
	}
	run->actions_end = link;
	return FLOW_NEXT;
}

static const struct sieve_param denotify_params[] = {
	PARAM_KEYS_OPTIONAL,
	PARAM_END,
};

#define PRIORITIES(s)                                                          \
	TAG_CHOICE("high", GROUP_OWN, s, priority, PRIORITY_HIGH),             \
	    TAG_CHOICE("normal", GROUP_OWN, s, priority, PRIORITY_NORMAL),     \
	    TAG_CHOICE("low", GROUP_OWN, s, priority, PRIORITY_LOW)

static const struct sieve_tag notify_tags[] = {
	TAG_VALUE("method", GROUP_OWN, VALUE_STRING, struct notify, method),
	TAG_VALUE("id", GROUP_OWN, VALUE_STRING, struct notify, id),
	TAG_VALUE("message", GROUP_OWN, VALUE_STRING, struct notify, message),
	TAG_VALUE("options", GROUP_OWN, VALUE_STRINGS, struct notify, options),
	PRIORITIES(struct notify),
	TAG_END,
};
static const struct sieve_tag denotify_tags[] = {
	PRIORITIES(struct denotify),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "notify", WORD_COMMAND, .size = sizeof(struct notify),
	    .tags = notify_tags, .check = notify_check, .run = notify_run },
	{ "denotify", WORD_COMMAND, .groups = GROUP_MATCH,
	    .size = sizeof(struct denotify), .params = denotify_params,
	    .tags = denotify_tags, .run = denotify_run },
	WORD_END,
};

const struct sieve_extension ext_notify = {
	.name = "notify", .words = words, .off_by_default = true
};
