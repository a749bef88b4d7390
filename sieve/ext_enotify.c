/*
 * RFC 5435: notify by mailto: (RFC 5436), and the tests about methods.
 */
#include "sieve/action.h"
#include "sieve/address.h"
#include "sieve/mailbox_name.h"
#include "sieve/mailto.h"
#include "sieve/match.h"
#include "sieve/modify.h"
#include "sieve/text.h"

struct notify {
	const struct text *from, *importance, *message, *method;
	const struct texts *options; /* mailto: has none, RFC 5436 2.4 */
};

/* ---- notify ---- */

static bool
check_method(struct compiler *compiler, const struct text *method)
{
	struct mailto mailto;
	const char *problem;

	if (!text_is_fixed(method) ||
	    mailto_parse(compiler->scratch, method->fixed, &mailto, &problem))
		return true;
	return compile_error(compiler, "method \"%.*s\": %s",
	    ERRORS_WORD(method->fixed), problem);
}

/* 1, 2 or 3; 0 for anything else. */
static int
importance(struct slice s)
{
	return s.n == 1 && s.p[0] >= '1' && s.p[0] <= '3' ? s.p[0] - '0' : 0;
}

static bool
notify_check(struct compiler *compiler, struct node *node)
{
	const struct notify *args = node->args;
	struct address address;

	if (args->importance != NULL && text_is_fixed(args->importance) &&
	    importance(args->importance->fixed) == 0)
		return compile_error(
		    compiler, "\":importance\" is \"1\", \"2\" or \"3\"");
	if (args->from != NULL && text_is_fixed(args->from) &&
	    !address_parse(compiler->scratch, args->from->fixed, &address))
		return compile_error(compiler,
		    "\"%.*s\" is no address that a "
		    "notification can come from",
		    ERRORS_WORD(args->from->fixed));
	return check_method(compiler, args->method) &&
	       mailbox_fcc_check(compiler, node);
}

/* RFC 5436 2.7.1: a notification must not cause the next one. */
static bool
is_notification(struct run *run)
{
	size_t i = fields_find(run->fields, SLICE("Auto-Submitted"), 0);

	return i < run->fields->n &&
	       slice_starts_nocase(
		   fields_text(run->fields, i), SLICE("auto-notified"));
}

static void
fill_mailto(
    struct run *run, struct sieve_notify *to, const struct mailto *mailto)
{
	struct slice *list =
	    arena_calloc(run->arena, mailto->n_addresses, sizeof *list);
	struct sieve_item *headers =
	    arena_calloc(run->arena, mailto->n_headers, sizeof *headers);

	for (size_t i = 0; i < mailto->n_addresses; i++)
		list[i] = arena_slice(run->arena, mailto->addresses[i]);
	for (size_t i = 0; i < mailto->n_headers; i++)
		headers[i] = mailto->headers[i];
	to->to = list;
	to->n_to = mailto->n_addresses;
	to->headers = headers;
	to->n_headers = mailto->n_headers;
	to->body = mailto->body;
}

static int
plan(struct run *run, const struct node *node, const struct mailto *mailto)
{
	const struct notify *args = node->args;
	struct sieve_action *action = action_add(run, SIEVE_NOTIFY);
	struct sieve_notify *to;

	if (action == NULL)
		return RUN_FAIL;
	to = &action->notify;
	to->method = text_copy(run, args->method);
	to->from = text_copy(run, args->from);
	to->message = text_copy(run, args->message);
	to->importance = importance(text_or_empty(run, args->importance));
	if (to->importance == 0) /* RFC 5435 3.4: "normal" */
		to->importance = 2;
	fill_mailto(run, to, mailto);
	if (node->store != NULL && node->store->fcc != NULL) {
		to->has_fcc = true;
		to->fcc = action_store(
		    run, text_value(run, node->store->fcc), node->store);
	}
	return FLOW_NEXT;
}

static int
notify_run(struct run *run, const struct node *node)
{
	const struct notify *args = node->args;
	struct slice method = text_value(run, args->method);
	struct mailto mailto;
	const char *problem;

	if (run_charge(run, method.n) < 0)
		return RUN_FAIL;
	if (!mailto_parse(run->arena, method, &mailto, &problem))
		return run_fail(
		    run, "method \"%.*s\": %s", ERRORS_WORD(method), problem);
	if (is_notification(run)) {
		run_log(run, "notify: not sent: this is a notification");
		return FLOW_NEXT;
	}
	return plan(run, node, &mailto);
}

/* ---- valid_notify_method, notify_method_capability ---- */

struct methods {
	const struct texts *uris;
};

static int
valid_run(struct run *run, const struct node *node)
{
	const struct methods *args = node->args;
	struct mailto mailto;
	const char *problem;
	bool valid = true;

	for (size_t i = 0; i < args->uris->n && valid; i++) {
		struct slice uri = text_value(run, &args->uris->list[i]);

		if (run_charge(run, uri.n) < 0)
			return RUN_FAIL;
		valid = mailto_parse(run->arena, uri, &mailto, &problem);
	}
	return valid;
}

struct capability {
	const struct text *uri, *name;
};

/* RFC 5436 2.6: whether somebody reads mail now, nobody can tell. */
static int
capability_run(struct run *run, const struct node *node)
{
	const struct capability *args = node->args;
	struct slice uri = text_value(run, args->uri);
	struct mailto mailto;
	const char *problem;
	struct matching m;

	if (!mailto_parse(run->arena, uri, &mailto, &problem) ||
	    !slice_eq_nocase(text_value(run, args->name), SLICE("online")))
		return 0;
	matching_start(&m, run, node->match);
	if (matching_value(&m, SLICE("maybe")) < 0)
		return RUN_FAIL;
	return matching_end(&m);
}

static const struct sieve_param notify_params[] = {
	PARAM("method", VALUE_STRING, struct notify, method),
	PARAM_END,
};
static const struct sieve_param valid_params[] = {
	PARAM("methods", VALUE_STRINGS, struct methods, uris),
	PARAM_END,
};
static const struct sieve_param capability_params[] = {
	PARAM("method", VALUE_STRING, struct capability, uri),
	PARAM("capability", VALUE_STRING, struct capability, name),
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};

static const struct sieve_tag notify_tags[] = {
	TAG_VALUE("from", GROUP_OWN, VALUE_STRING, struct notify, from),
	TAG_VALUE(
	    "importance", GROUP_OWN, VALUE_STRING, struct notify, importance),
	TAG_VALUE("options", GROUP_OWN, VALUE_STRINGS, struct notify, options),
	TAG_VALUE("message", GROUP_OWN, VALUE_STRING, struct notify, message),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "notify", WORD_COMMAND,
	    .groups = GROUP_FCC | GROUP_FILE | GROUP_FLAGS,
	    .size = sizeof(struct notify), .params = notify_params,
	    .tags = notify_tags, .check = notify_check, .run = notify_run },
	{ "valid_notify_method", WORD_TEST, .size = sizeof(struct methods),
	    .params = valid_params, .run = valid_run },
	{ "notify_method_capability", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct capability), .params = capability_params,
	    .run = capability_run },
	WORD_END,
};

static const struct sieve_tag tags[] = {
	TAG_CHOICE("encodeurl", GROUP_MODIFY, struct modifiers, encode,
	    MODIFY_ENCODEURL),
	TAG_END,
};

const struct sieve_extension ext_enotify = {
	.name = "enotify", .words = words, .tags = tags
};
