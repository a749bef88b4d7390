#include "lmtpd/front/quota.h"

#include "core/log.h"
#include "lmtpd/front/owner.h"
#include "lmtpd/front/usage.h"

void
quota_full(struct txn *txn, struct rcpt *rcpt)
{
	struct leaf leaf = {
		.kind = LEAF_MAILBOX, .mailbox = rcpt->plan.mailbox, .code = 250
	};
	struct why why = { 0 };

	if (directory_quota(
		txn->lmtpd->directory, &txn->arena, &leaf, 1, &why) < 0)
		log_event(LOG_WARNING, txn_queue_id(txn), "quota-unknown",
		    LOG_SLICE("mailbox", rcpt->plan.mailbox), LOG_WHY(&why));
	else if (leaf.code / 100 == MAIL_PERMFAIL)
		(void)leaf_say(&leaf, &rcpt->why);
	owner_tell(txn, &rcpt->plan, SLICE("over-quota"),
	    arena_printf(&txn->arena,
		"The mailbox %.*s is full: it may hold %lld MB.\n"
		"New mail is held back for some days and then returned to its\n"
		"senders. Delete mail that is not needed any more, also in\n"
		"the trash folder.\n",
		SLICE_FMT(rcpt->plan.mailbox),
		(long long)rcpt->plan.quota_bytes >> 20));
}

void
quota_note(
    struct txn *txn, const struct rcpt *rcpt, const struct store_answer *answer)
{
	const struct plan *plan = &rcpt->plan;

	if (answer->usage_bytes < 0)
		return;
	usage_add(txn->lmtpd->usage, plan->mailbox, answer->usage_bytes,
	    answer->usage_messages);
	if (plan->quota_soft_bytes == 0 ||
	    answer->usage_bytes <= plan->quota_soft_bytes)
		return;
	owner_tell(txn, plan, SLICE("over-quota"),
	    arena_printf(&txn->arena,
		"The mailbox %.*s holds %lld MB, more than its %lld MB.\n"
		"It takes new mail for some more days only. Delete mail that\n"
		"is not needed any more, also in the trash folder.\n",
		SLICE_FMT(plan->mailbox), (long long)answer->usage_bytes >> 20,
		(long long)plan->quota_soft_bytes >> 20));
}
