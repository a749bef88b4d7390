/*
 * RFC 5230 and 6131: vacation. Whether a reply is due is decided here (RFC
 * 3834 2, RFC 5230 4.5 and 4.6); writing and sending it is the caller's.
 */
#include "sieve/action.h"
#include "sieve/address.h"
#include "sieve/mailbox_name.h"
#include "sieve/mark.h"
#include "sieve/source.h"
#include "sieve/text.h"

enum { PERIOD_DAYS = 1, PERIOD_SECONDS };
enum { DAY_S = 86400 };

struct vacation {
	const uint64_t *days, *seconds;
	const struct text *subject, *from, *handle, *reason;
	const struct texts *addresses;
	bool mime;
};

static bool
vacation_check(struct compiler *compiler, struct node *node)
{
	const struct vacation *args = node->args;
	struct address address;

	if (args->days != NULL && args->seconds != NULL)
		return compile_error(
		    compiler, "\":days\" and \":seconds\" exclude each other");
	if (args->from != NULL && text_is_fixed(args->from) &&
	    !address_parse(compiler->scratch, args->from->fixed, &address))
		return compile_error(compiler,
		    "\"%.*s\" is no address that a "
		    "reply can come from",
		    ERRORS_WORD(args->from->fixed));
	return mailbox_fcc_check(compiler, node);
}

/* ---- Who is answered: RFC 3834 2, RFC 5230 4.6 ---- */

static bool
starts(struct slice s, const char *prefix)
{
	return slice_starts_nocase(s, slice_of(prefix));
}

static bool
ends(struct slice s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n &&
	       slice_eq_nocase(slice_tail(s, s.n - n), slice_of(suffix));
}

/* Addresses that a program reads. */
static bool
is_machine(struct slice local)
{
	static const char *const whole[] = { "mailer-daemon", "listserv",
		"majordomo", "noreply", "no-reply", "donotreply",
		"do-not-reply" };

	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		if (slice_eq_nocase(local, slice_of(whole[i])))
			return true;
	}
	return starts(local, "owner-") || ends(local, "-owner") ||
	       ends(local, "-request") || ends(local, "-bounces") ||
	       starts(local, "bounces+") || starts(local, "bounces-");
}

static bool
field_starts(struct run *run, const char *name, const char *prefix)
{
	size_t i = fields_find(run->fields, slice_of(name), 0);

	return i < run->fields->n &&
	       starts(fields_text(run->fields, i), prefix);
}

static bool
has_field(struct run *run, const char *name)
{
	return fields_find(run->fields, slice_of(name), 0) < run->fields->n;
}

/* What a program sent, or a list; a reason for the log, or NULL. */
static const char *
automatic(struct run *run)
{
	static const char *const list_fields[] = { "List-Id", "List-Help",
		"List-Subscribe", "List-Unsubscribe", "List-Post", "List-Owner",
		"List-Archive" };
	static const char *const precedences[] = { "bulk", "list", "junk" };

	for (size_t i = 0; i < sizeof list_fields / sizeof *list_fields; i++) {
		if (has_field(run, list_fields[i]))
			return "the message comes from a mailing list";
	}
	for (size_t i = 0; i < sizeof precedences / sizeof *precedences; i++) {
		if (field_starts(run, "Precedence", precedences[i]))
			return "the message is bulk mail";
	}
	if (has_field(run, "Auto-Submitted") &&
	    !field_starts(run, "Auto-Submitted", "no"))
		return "the message was sent by a program";
	if (field_starts(run, "X-Auto-Response-Suppress", "All") ||
	    field_starts(run, "X-Auto-Response-Suppress", "OOF"))
		return "the sender asks for no automatic replies";
	return NULL;
}

/* ---- My addresses: RFC 5230 4.5 ---- */

/* Without what stands behind the separator; mail to it is mail to me. */
static bool
same_address(struct run *run, struct slice a, struct slice b)
{
	struct address mine = address_of_envelope(a);
	struct address other = address_of_envelope(b);
	char separator = run->environment->subaddress_separator;
	struct slice user, detail;

	if (slice_eq_nocase(a, b))
		return true;
	return address_detail(other.local, separator, &user, &detail) &&
	       slice_eq_nocase(mine.local, user) &&
	       slice_eq_nocase(mine.domain, other.domain);
}

/* One of :addresses may come with a display name, as Nextcloud writes it. */
static bool
in_tag(struct run *run, const struct vacation *args, struct slice text)
{
	struct address address;

	for (size_t i = 0; args->addresses != NULL && i < args->addresses->n;
	     i++) {
		struct slice mine = text_value(run, &args->addresses->list[i]);

		if (address_parse(run->arena, mine, &address) &&
		    same_address(run, address.text, text))
			return true;
	}
	return false;
}

static bool
is_listed(struct run *run, struct slice text)
{
	const struct sieve_environment *e = run->environment;

	if (slice_eq_nocase(text, run->envelope.to))
		return true;
	for (size_t i = 0; i < e->n_addresses; i++) {
		if (same_address(run, e->addresses[i], text))
			return true;
	}
	return false;
}

/* The caller knows more addresses than anybody could list. */
static int
is_mine(struct run *run, const struct vacation *args, struct slice text)
{
	int r;

	if (text.n == 0)
		return 0;
	if (is_listed(run, text) || in_tag(run, args, text))
		return 1;
	if (run->callbacks->my_address == NULL)
		return 0;
	r = run->callbacks->my_address(run->context, text);
	return r < 0 ? run_defer(run, "an address") : r;
}

struct search {
	const struct vacation *args;
	struct slice found; /* the address of mine that the message names */
};

static int
search_field(void *context, struct run *run, struct fields *fields, size_t i)
{
	struct search *search = context;
	struct address_walk walk =
	    address_start(fields->arena, fields->list[i].raw);
	struct address address;
	int r = 0;

	while (r == 0 && address_next(&walk, &address)) {
		if (run_charge(run, 4 * RUN_COMPARE_COST) < 0)
			return RUN_FAIL;
		r = is_mine(run, search->args, address.text);
		if (r > 0)
			search->found = address.text;
	}
	return r;
}

static int
find_mine(struct run *run, struct search *search)
{
	static const char *const names[] = { "To", "Cc", "Bcc", "Resent-To",
		"Resent-Cc", "Resent-Bcc" };
	int r = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names && r == 0; i++)
		r = source_each(
		    run, NULL, slice_of(names[i]), search_field, search);
	return r;
}

/* ---- The reply ---- */

static uint64_t
wanted_period(struct run *run, const struct vacation *args)
{
	if (args->seconds != NULL)
		return *args->seconds;
	if (args->days != NULL) /* days beyond a century are too many anyway */
		return (*args->days < 36500 ? *args->days : 36500) * DAY_S;
	return (uint64_t)run->environment->vacation_default_s;
}

/* RFC 5230 4.1: what the site does not allow is moved to what it does. */
static long
period(struct run *run, const struct vacation *args)
{
	uint64_t wanted = wanted_period(run, args);
	uint64_t min = (uint64_t)run->environment->vacation_min_s;
	uint64_t max = (uint64_t)run->environment->vacation_max_s;

	if (wanted < min)
		wanted = min;
	return (long)(wanted < max ? wanted : max);
}

/* RFC 5230 4.2: one answer per sender and :handle, or else per content. */
static struct slice
key(struct run *run, const struct vacation *args)
{
	struct address sender = address_of_envelope(run->envelope.from);
	struct slice parts[7] = { SLICE("vacation"), sender.local,
		sender.domain };
	size_t n = 3;

	if (args->handle != NULL) {
		parts[n++] = text_value(run, args->handle);
	} else {
		parts[n++] = text_or_empty(run, args->subject);
		parts[n++] = text_or_empty(run, args->from);
		parts[n++] = args->mime ? SLICE("mime") : SLICE("text");
		parts[n++] = text_value(run, args->reason);
	}
	return mark_key(run, parts, n);
}

/* RFC 5230 4.4: "Auto: " and the old subject, in one line. */
static struct slice
subject(struct run *run, const struct vacation *args)
{
	size_t i = fields_find(run->fields, SLICE("Subject"), 0);
	struct slice old = { "", 0 };

	if (args->subject != NULL)
		return text_copy(run, args->subject);
	if (i < run->fields->n)
		old = fields_text(run->fields, i);
	if (old.n == 0)
		return SLICE("Automated reply");
	return run_printf(run, "Auto: %.*s", SLICE_FMT(text_cut(old, 200)));
}

static struct slice
from(struct run *run, const struct vacation *args, struct slice mine)
{
	struct slice text = text_or_empty(run, args->from);
	struct address address;

	if (text.n > 0 && address_parse(run->arena, text, &address))
		return arena_slice(run->arena, text);
	if (run->environment->user_email.n > 0)
		return run->environment->user_email;
	return arena_slice(run->arena, mine);
}

static int
plan(struct run *run, const struct node *node, struct slice mine,
    struct slice mark)
{
	const struct vacation *args = node->args;
	struct sieve_action *action = action_add(run, SIEVE_VACATION);

	if (action == NULL)
		return RUN_FAIL;
	action->vacation = (struct sieve_vacation){
		.key = mark,
		.period_s = period(run, args),
		.to = arena_slice(run->arena, run->envelope.from),
		.from = from(run, args, mine),
		.subject = subject(run, args),
		.reason = text_copy(run, args->reason),
		.mime = args->mime,
	};
	if (node->store != NULL && node->store->fcc != NULL) {
		action->vacation.has_fcc = true;
		action->vacation.fcc = action_store(
		    run, text_value(run, node->store->fcc), node->store);
	}
	return FLOW_NEXT;
}

static int
skip(struct run *run, const char *reason)
{
	run_log(run, "vacation: no reply: %s", reason);
	return FLOW_NEXT;
}

/* A reason not to answer this sender at all, or NULL. */
static const char *
refuse_sender(struct run *run)
{
	struct address sender = address_of_envelope(run->envelope.from);

	if (run->envelope.from.n == 0 || sender.domain.n == 0)
		return "the message is a bounce";
	if (is_machine(sender.local))
		return "the sender is a program";
	return automatic(run);
}

/* To the sender, from the address of mine that was written to. */
static int
answer(struct run *run, const struct node *node, struct slice mine)
{
	struct slice mark = key(run, node->args);
	int seen = 0;

	if (run->callbacks->vacation_seen != NULL)
		seen = run->callbacks->vacation_seen(run->context, mark);
	if (seen < 0)
		return run_defer(run, "a mark of vacation");
	if (seen > 0)
		return skip(run, "the sender was answered already");
	return plan(run, node, mine, mark);
}

static int
vacation_run(struct run *run, const struct node *node)
{
	const struct vacation *args = node->args;
	const char *reason = refuse_sender(run);
	struct search search = { .args = args };
	int r;

	if (run->vacation_line != 0)
		return run_fail(run,
		    "\"vacation\" was used in line %u "
		    "already",
		    run->vacation_line);
	run->vacation_line = run->at.line;
	if (reason != NULL)
		return skip(run, reason);
	r = is_mine(run, args, run->envelope.from);
	if (r > 0)
		return skip(run, "it is my own message");
	if (r == 0)
		r = find_mine(run, &search);
	if (r < 0)
		return RUN_FAIL;
	if (r == 0)
		return skip(run, "the message names none of my addresses");
	return answer(run, node, search.found);
}

static const struct sieve_param params[] = {
	PARAM("reason", VALUE_STRING, struct vacation, reason),
	PARAM_END,
};

static const struct sieve_tag own_tags[] = {
	TAG_VALUE("days", GROUP_OWN, VALUE_NUMBER, struct vacation, days),
	TAG_VALUE("subject", GROUP_OWN, VALUE_STRING, struct vacation, subject),
	TAG_VALUE("from", GROUP_OWN, VALUE_STRING, struct vacation, from),
	TAG_VALUE("handle", GROUP_OWN, VALUE_STRING, struct vacation, handle),
	TAG_VALUE(
	    "addresses", GROUP_OWN, VALUE_STRINGS, struct vacation, addresses),
	TAG_FLAG("mime", GROUP_OWN, struct vacation, mime),
	TAG_END,
};

static const struct sieve_word words[] = {
	{ "vacation", WORD_COMMAND,
	    .groups = GROUP_VACATION | GROUP_FCC | GROUP_FILE | GROUP_FLAGS,
	    .size = sizeof(struct vacation), .params = params, .tags = own_tags,
	    .check = vacation_check, .run = vacation_run },
	WORD_END,
};

static const struct sieve_tag seconds_tags[] = {
	TAG_VALUE(
	    "seconds", GROUP_VACATION, VALUE_NUMBER, struct vacation, seconds),
	TAG_END,
};

const struct sieve_extension ext_vacation = { .name = "vacation",
	.words = words };
const struct sieve_extension ext_vacation_seconds = {
	.name = "vacation-seconds",
	.tags = seconds_tags,
	.implies = "vacation",
	.off_by_default = true,
};
