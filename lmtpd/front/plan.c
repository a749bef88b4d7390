#include "lmtpd/front/plan.h"

#include "lmtpd/front/heading.h"

static const char *const kind_names[] = { "store", "forward", "expand",
	"discard", "ask-leaf" };
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
own_address(struct arena *arena, const struct leaf_target *target)
{
	return slice_of(arena_printf(arena, "%.*s%s%.*s@%.*s",
	    SLICE_FMT(target->mailbox), target->detail.n > 0 ? "+" : "",
	    SLICE_FMT(target->detail), SLICE_FMT(target->node)));
}

static enum verdict
plan_store(struct arena *arena, struct slice node,
    const struct leaf_target *target, struct plan *plan, struct why *why)
{
	if (!slice_eq_nocase(target->node, node)) {
		(void)why_say(
		    why, 451, "4.3.5", "mailbox lives on another machine");
		why_detail(why, "%.*s is on %.*s", SLICE_FMT(target->mailbox),
		    SLICE_FMT(target->node));
		return MAIL_TEMPFAIL;
	}
	plan->kind = PLAN_STORE;
	plan->mailbox = target->mailbox;
	plan->own_address = own_address(arena, target);
	plan->filter = target->filter;
	plan->quota_bytes = target->quota_hard_bytes;
	plan->quota_soft_bytes = target->quota_bytes;
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
		return plan_store(arena, node, target, plan, why);
	case LEAF_FORWARD:
		return plan_forward(target, plan);
	case LEAF_DISCARD:
		plan->kind = PLAN_DISCARD;
		return MAIL_OK;
	case LEAF_PROGRAM:
		return why_say(why, 451, "4.3.0",
		    "programs are not served yet on this host");
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

/* --- the message ------------------------------------------------------ */

enum verdict
plan_check(const struct plan *plan, const struct plan_message *message,
    struct why *why)
{
	struct slice mark =
	    plan->kind == PLAN_STORE ? plan->own_address : plan->forwarder;

	if (plan->kind == PLAN_DISCARD)
		return MAIL_OK;
	if (message->hops > PLAN_HOPS_MAX)
		return why_say(why, 554, "5.4.6",
		    "mail loop: passed more than %d servers", PLAN_HOPS_MAX);
	if (mark.n > 0 &&
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
