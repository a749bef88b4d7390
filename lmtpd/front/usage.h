/*
 * lmtpd/front/usage.h - how full mailboxes are, written behind into table
 * hauspost.usage (core/batch.h). At delivery the Maildir's own count decides;
 * this is what resolving and people look at.
 */
#ifndef HAUSPOST_LMTPD_FRONT_USAGE_H
#define HAUSPOST_LMTPD_FRONT_USAGE_H

#include "core/batch.h"

struct batch *usage_start(struct db_pool *pool);

void usage_add(struct batch *usage, struct slice mailbox, long long bytes,
    long long messages);

#endif
