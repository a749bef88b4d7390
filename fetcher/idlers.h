/*
 * fetcher/idlers.h - runs that wait at their server for new mail.
 *
 * The schedule does not count them among those that run, and wakes them when
 * something is wanted of their accounts.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_FETCHER_IDLERS_H
#define HAUSPOST_FETCHER_IDLERS_H

#include "core/arena.h"

struct idlers;

struct idlers *idlers_new(void);
void idlers_free(struct idlers *idlers); /* when nobody is in it */

/* From now on it waits; the descriptor becomes readable to wake it. */
int idlers_enter(struct idlers *idlers, long long account);
void idlers_leave(struct idlers *idlers, long long account, int fd);

size_t idlers_count(struct idlers *idlers);

/* Their accounts, as parameters for SQL. Returns how many. */
size_t idlers_list(
    struct idlers *idlers, struct arena *arena, struct slice **accounts_out);
void idlers_wake(struct idlers *idlers, long long account);

#endif
