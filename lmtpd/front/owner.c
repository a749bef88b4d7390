#include "lmtpd/front/owner.h"

#include "core/notice.h"

/* Not the address with its +detail: a stranger could make many of those. */
static struct slice
subject_of(const struct plan *plan)
{
	return plan->mailbox.n > 0 ? plan->mailbox : plan->own_address;
}

void
owner_tell(struct txn *txn, const struct plan *plan, struct slice kind,
    const char *body)
{
	notice_add(txn->lmtpd->notices,
	    &(struct notice){
		.owner = plan->owner.n > 0 ? plan->owner : plan->mailbox,
		.kind = kind,
		.subject = subject_of(plan),
		.body = slice_of(body),
	    });
}
