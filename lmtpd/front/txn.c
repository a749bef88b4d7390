#include "lmtpd/front/txn.h"

#include "core/log.h"
#include "lmtpd/front/include.h"

void
txn_init(struct txn *txn, struct lmtpd *lmtpd)
{
	*txn = (struct txn){ .lmtpd = lmtpd, .arena = ARENA_INIT };
	txn->end = &txn->first;
	message_init(&txn->message, lmtpd->settings->spool);
}

void
txn_done(struct txn *txn)
{
	message_done(&txn->message);
	arena_done(&txn->arena);
}

void
txn_reset(struct txn *txn)
{
	arena_reset(&txn->arena);
	message_reset(
	    &txn->message, (uint64_t)txn->lmtpd->settings->size_max_bytes);
	txn->begun = false;
	txn->mail = (struct command_mail){ 0 };
	txn->first = NULL;
	txn->end = &txn->first;
	txn->n_rcpts = 0;
}

const char *
txn_queue_id(const struct txn *txn)
{
	return txn->client.ident[0] != '\0' ? txn->client.ident : NULL;
}

/* --- MAIL ------------------------------------------------------------- */

enum verdict
txn_mail(struct txn *txn, struct slice args, bool trusted, struct why *why)
{
	const struct settings *settings = txn->lmtpd->settings;
	enum verdict verdict;

	txn_reset(txn);
	verdict = command_mail(&txn->arena, args, trusted, &txn->mail, why);
	if (verdict != MAIL_OK)
		return verdict;
	if (txn->mail.size_bytes > (unsigned long long)settings->size_max_bytes)
		return why_say(why, 552, "5.3.4", "message exceeds %ld octets",
		    settings->size_max_bytes);
	/* Keys are remembered for ever, by a name that is not the user's. */
	if (txn->caller.n > 0 && txn->mail.hauspost.key.n > 0)
		return why_say(why, 555, "5.5.4", "no keys by this socket");
	txn->sender = addr_text(&txn->arena, &txn->mail.sender);
	txn->begun = true;
	return why_say(why, 250, "2.1.0", "sender ok");
}

/* --- RCPT ------------------------------------------------------------- */

static enum verdict
plan_by_leaf(struct txn *txn, struct slice leaf, struct leaf_target *target,
    struct plan *plan_out, struct why *why)
{
	struct lmtpd *lmtpd = txn->lmtpd;

	if (directory_leaf(lmtpd->directory, &txn->arena, leaf, target, why) <
	    0)
		return MAIL_TEMPFAIL;
	if (target->kind == LEAF_UNEXPANDED)
		return MAIL_OK;
	return plan_leaf(&txn->arena, lmtpd->node, leaf, target, plan_out, why);
}

/* For a recipient that is no leaf: what does its address lead to? */
static enum verdict
plan_by_address(struct txn *txn, struct slice address, struct plan *plan_out,
    struct why *why)
{
	struct leaf_target target;
	struct answer answer;
	enum verdict verdict;

	if (directory_resolve(
		txn->lmtpd->directory, &txn->arena, address, &answer, why) < 0)
		return MAIL_TEMPFAIL;
	verdict = plan_answer(address, &answer, plan_out, why);
	if (verdict != MAIL_OK || plan_out->kind != PLAN_ASK_LEAF)
		return verdict;
	verdict = plan_by_leaf(txn, plan_out->leaf, &target, plan_out, why);
	if (verdict == MAIL_OK && target.kind == LEAF_UNEXPANDED)
		return why_say(why, 451, "4.3.0", "directory trouble");
	return verdict;
}

static enum verdict
make_plan(struct txn *txn, struct slice address, struct plan *plan_out,
    struct why *why)
{
	struct leaf_target target;
	enum verdict verdict =
	    plan_by_leaf(txn, address, &target, plan_out, why);

	if (verdict == MAIL_OK && target.kind == LEAF_UNEXPANDED)
		verdict = plan_by_address(txn, address, plan_out, why);
	return verdict;
}

/*
 * A bounce of what an include file's members did not get is for the owner's
 * mailbox, even if an alias with that file has its name.
 */
static enum verdict
turn_bounce(
    struct txn *txn, struct slice original, struct plan *plan, struct why *why)
{
	struct slice node = txn->lmtpd->node, leaf;
	struct leaf_target target;

	if (plan->kind != PLAN_INCLUDE ||
	    !slice_eq_nocase(
		original, include_bounce_address(&txn->arena, plan, node)))
		return MAIL_OK;
	leaf = slice_of(arena_printf(&txn->arena, "%.*s@mbox.%.*s",
	    SLICE_FMT(plan->owner), SLICE_FMT(node)));
	return plan_by_leaf(txn, leaf, &target, plan, why);
}

/*
 * The address of ours that sends on is the last one before the leaf, which the
 * way from the original tells. Where that has changed meanwhile, the original
 * is still one to which the message came.
 */
static struct slice
find_forwarder(struct txn *txn, struct slice original, struct slice leaf)
{
	struct answer answer;
	struct why ignored;

	if (directory_resolve(txn->lmtpd->directory, &txn->arena, original,
		&answer, &ignored) < 0)
		return original;
	for (size_t i = 0; i < answer.n; i++) {
		if (slice_eq_nocase(answer.leaves[i].srs_recipient, leaf))
			return answer.leaves[i].forwarder;
	}
	return original;
}

static void
add_rcpt(struct txn *txn, const struct command_rcpt *said, struct slice address,
    const struct plan *plan)
{
	struct rcpt *rcpt = arena_new(&txn->arena, struct rcpt);

	rcpt->address = address;
	rcpt->original = said->original.n > 0 ? said->original : address;
	rcpt->orcpt = said->orcpt;
	rcpt->notify = said->notify;
	rcpt->plan = *plan;
	if (plan->kind == PLAN_FORWARD && plan->forwarder.n == 0)
		rcpt->plan.forwarder =
		    find_forwarder(txn, rcpt->original, address);
	*txn->end = rcpt;
	txn->end = &rcpt->next;
	txn->n_rcpts++;
}

static void
log_refusal(const struct txn *txn, struct slice address, const struct why *why)
{
	log_event(LOG_INFO, txn_queue_id(txn), "refused-rcpt",
	    LOG_SLICE("to", address), LOG_NUM("code", why->code), LOG_WHY(why));
}

enum verdict
txn_rcpt(struct txn *txn, struct slice args, struct why *why)
{
	struct command_rcpt said;
	struct slice address;
	struct plan plan;
	enum verdict verdict;

	if (txn->n_rcpts >= (size_t)txn->lmtpd->settings->rcpts_max)
		return why_say(why, 452, "4.5.3", "too many recipients");
	verdict = command_rcpt(&txn->arena, args, txn->mail.utf8, &said, why);
	if (verdict != MAIL_OK)
		return verdict;
	address = addr_text(&txn->arena, &said.recipient);
	verdict = make_plan(txn, address, &plan, why);
	if (verdict == MAIL_OK)
		verdict = turn_bounce(txn, said.original, &plan, why);
	if (verdict == MAIL_OK && txn->caller.n > 0)
		verdict = plan_for_caller(&plan, txn->caller, why);
	if (verdict != MAIL_OK) {
		log_refusal(txn, address, why);
		return verdict;
	}
	add_rcpt(txn, &said, address, &plan);
	return why_say(why, 250, "2.1.5", "recipient ok");
}
