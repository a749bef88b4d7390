/*
 * lmtpd/front/storing.h - below deliver.h: the recipients whose mailboxes are
 * here.
 *
 * Their scripts are asked one after the other. Whatever comes down to one
 * message in one place, as most does, is then stored for all of them together;
 * what a script wants more than that is done at once (deeds.h).
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_STORING_H
#define HAUSPOST_LMTPD_FRONT_STORING_H

#include "lmtpd/front/heading.h"
#include "lmtpd/front/reinject.h"

struct storing {
	struct txn *txn;
	struct reinject *reinject; /* for what leaves the house */
	const struct heading *heading;
	struct slice header;	/* of the message */
	struct arena filtering; /* for one recipient at a time */
};

/*
 * Gives a result to each recipient who has none and whose plan is PLAN_STORE.
 * A plan that turns out to be one for recipes is PLAN_PROGRAM afterwards.
 */
void storing_run(struct storing *storing);

#endif
