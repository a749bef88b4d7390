#include "lmtpd/front/plan.h"

#include "lmtpd/front/heading.h"

static const char *const kind_names[] = { "store", "program", "include",
	"forward", "expand", "discard", "ask-leaf" };
_Static_assert(sizeof kind_names / sizeof *kind_names == PLAN_KINDS,
    "name every kind of plan");

const char *
plan_kind_name(enum plan_kind kind)
{
	return kind_names[kind];
}

/* The directory's own words; without any it is our fault. */
static enum verdict
say_code(int code, struct slice dsn, struct slice reply, struct why *why)
{
	if (code / 100 != MAIL_TEMPFAIL && code / 100 != MAIL_PERMFAIL)
		return why_say(why, 451, "4.3.0", "directory trouble");
	return why_say(why, code, dsn.p, "%.*s", SLICE_FMT(reply));
}

/* --- leaves ----------------------------------------------------------- */

static struct slice
own_address(
    struct arena *arena, struct slice name, const struct leaf_target *target)
{
	return slice_of(arena_printf(arena, "%.*s%s%.*s@%.*s", SLICE_FMT(name),
	    target->detail.n > 0 ? "+" : "", SLICE_FMT(target->detail),
	    SLICE_FMT(target->node)));
}

/* What the filter is decides, not the leaf: its owner may have changed it. */
static void
plan_mailbox(
    struct arena *arena, const struct leaf_target *target, struct plan *plan)
{
	plan->kind = slice_eq(target->filter, SLICE("procmail")) ? PLAN_PROGRAM
								 : PLAN_STORE;
	plan->procmail_if_any = slice_eq(target->filter, SLICE("auto"));
	plan->forward_file = target->forward_file;
	plan->mailbox = target->mailbox;
	plan->filter = target->filter;
	plan->own_address = own_address(arena, target->mailbox, target);
	plan->quota_bytes = target->quota_hard_bytes;
	plan->quota_soft_bytes = target->quota_bytes;
}

/* The leaf is ALIAS.ID@program.NODE. */
static void
plan_target(
    struct arena *arena, const struct leaf_target *target, struct plan *plan)
{
	long at = slice_rfind(plan->leaf, '@');
	struct slice local = slice_head(plan->leaf, at < 0 ? 0 : (size_t)at);
	long dot = slice_rfind(local, '.');

	plan->kind = target->program.p[0] == '|' ? PLAN_PROGRAM : PLAN_INCLUDE;
	plan->own_address = own_address(
	    arena, dot < 0 ? local : slice_head(local, (size_t)dot), target);
}

static enum verdict
plan_here(struct arena *arena, struct slice node,
    const struct leaf_target *target, struct plan *plan, struct why *why)
{
	if (!slice_eq_nocase(target->node, node)) {
		(void)why_say(
		    why, 451, "4.3.5", "mailbox lives on another machine");
		why_detail(why, "%.*s is on %.*s", SLICE_FMT(target->owner),
		    SLICE_FMT(target->node));
		return MAIL_TEMPFAIL;
	}
	plan->detail = target->detail;
	if (target->program.n > 0)
		plan_target(arena, target, plan);
	else
		plan_mailbox(arena, target, plan);
	return MAIL_OK;
}

static enum verdict
plan_forward(const struct leaf_target *target, struct plan *plan)
{
	plan->kind = PLAN_FORWARD;
	plan->address = target->address;
	plan->forwarder = target->forwarder;
	return MAIL_OK;
}

/* Each kind has a transport of its own; this one does not lead here. */
static enum verdict
say_not_served(enum leaf_kind kind, struct why *why)
{
	(void)why_say(why, 451, "4.3.5", "not served here");
	why_detail(why, "%s recipient at lmtpd: check the transport table",
	    leaf_kind_name(kind));
	return MAIL_TEMPFAIL;
}

static enum verdict
plan_good_leaf(struct arena *arena, struct slice node,
    const struct leaf_target *target, struct plan *plan, struct why *why)
{
	switch (target->kind) {
	case LEAF_MAILBOX:
	case LEAF_PROGRAM:
		return plan_here(arena, node, target, plan, why);
	case LEAF_FORWARD:
		return plan_forward(target, plan);
	case LEAF_DISCARD:
		plan->kind = PLAN_DISCARD;
		return MAIL_OK;
	default:
		return say_not_served(target->kind, why);
	}
}

enum verdict
plan_leaf(struct arena *arena, struct slice node, struct slice leaf,
    const struct leaf_target *target, struct plan *plan_out, struct why *why)
{
	struct plan plan = { .leaf = leaf,
		.owner = target->owner,
		.size_limit = target->size_limit };
	enum verdict verdict;

	if (target->code / 100 != MAIL_OK)
		return say_code(target->code, target->dsn, target->reply, why);
	verdict = plan_good_leaf(arena, node, target, &plan, why);
	if (verdict == MAIL_OK)
		*plan_out = plan;
	return verdict;
}

/* --- addresses that nobody expanded ----------------------------------- */

/* In no domain of ours, or in one that we only pass on. */
static bool
is_elsewhere(struct slice recipient, const struct answer *answer)
{
	return answer->n == 1 && answer->leaves->kind == LEAF_EXTERNAL &&
	       slice_eq_nocase(answer->leaves->queue_recipient, recipient);
}

enum verdict
plan_answer(struct slice recipient, const struct answer *answer,
    struct plan *plan_out, struct why *why)
{
	enum verdict verdict = answer_verdict(answer->leaves, answer->n, why);
	const struct leaf *only = answer->leaves;

	if (verdict != MAIL_OK)
		return verdict;
	if (is_elsewhere(recipient, answer))
		return say_not_served(LEAF_EXTERNAL, why);
	*plan_out = (struct plan){ .kind = PLAN_EXPAND, .leaf = recipient };
	if (answer->n == 1 && only->kind == LEAF_MAILBOX)
		*plan_out = (struct plan){ .kind = PLAN_ASK_LEAF,
			.leaf = only->queue_recipient };
	else if (answer->n == 1 && only->kind == LEAF_DISCARD)
		plan_out->kind = PLAN_DISCARD;
	return MAIL_OK;
}

enum verdict
plan_for_caller(struct plan *plan, struct slice caller, struct why *why)
{
	if (!slice_eq(plan->mailbox, caller))
		return why_say(why, 550, "5.7.1",
		    "you may deliver to your own mailbox only, %.*s",
		    SLICE_FMT(caller));
	plan->kind = PLAN_STORE;
	plan->forward_file = plan->procmail_if_any = false;
	plan->by_owner = true;
	return MAIL_OK;
}

/* --- the message ------------------------------------------------------ */

enum verdict
plan_check(const struct plan *plan, const struct plan_message *message,
    struct why *why)
{
	struct slice mark =
	    plan->own_address.n > 0 ? plan->own_address : plan->forwarder;

	if (plan->kind == PLAN_DISCARD)
		return MAIL_OK;
	if (message->hops > PLAN_HOPS_MAX)
		return why_say(why, 554, "5.4.6",
		    "mail loop: passed more than %d servers", PLAN_HOPS_MAX);
	/* The program had it from us, with the mark on it. */
	if (mark.n > 0 && !plan->by_owner &&
	    heading_has(message->header, SLICE("Delivered-To"), mark))
		return why_say(why, 554, "5.4.6",
		    "mail loop: was delivered to %.*s before", SLICE_FMT(mark));
	if (plan->size_limit > 0 &&
	    message->size_bytes > (uint64_t)plan->size_limit)
		return why_say(why, 552, "5.3.4",
		    "message exceeds %lld octets, this recipient's limit",
		    (long long)plan->size_limit);
	return MAIL_OK;
}
