/*
 * sieve/action.h - the plan as it grows: adding actions, keeping the rules.
 *
 * RFC 5228 2.10.3: the same mail is filed once per mailbox and sent once per
 * address; RFC 5429 2: what refuses a message goes with nothing that accepts
 * it. Functions return FLOW_NEXT or RUN_FAIL.
 */
#ifndef HAUSPOST_SIEVE_ACTION_H
#define HAUSPOST_SIEVE_ACTION_H

#include "sieve/run.h"

/*
 * A new action of this type in the plan, for the caller to fill; NULL when a
 * budget is used up or it does not go with what is planned already.
 */
struct sieve_action *action_add(struct run *run, enum sieve_action_type type);

/* keep and fileinto; store may be NULL. */
int action_keep(struct run *run, const struct store *store);
int action_fileinto(
    struct run *run, struct slice mailbox, const struct store *store);
int action_redirect(
    struct run *run, struct slice address, const struct store *store);

/* Expands a store's tags; flags as they are at this moment. */
struct sieve_store action_store(
    struct run *run, struct slice mailbox, const struct store *store);

/* For the end of a run: what a broken script leaves, what no script said. */
void action_drop_from(struct run *run, struct sieve_action **mark);
void action_drop_keeps(struct run *run);
void action_finish(struct run *run);

#endif
