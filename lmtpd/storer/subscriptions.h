/*
 * lmtpd/storer/subscriptions.h - the list of folders that mail clients show.
 *
 * Dovecot's file Maildir/subscriptions: a line for each folder, as its name
 * in the first form, with tabs between the levels in the second (which begins
 * with "V\t2"). Dovecot rewrites it under subscriptions.lock.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LMTPD_STORER_SUBSCRIPTIONS_H
#define HAUSPOST_LMTPD_STORER_SUBSCRIPTIONS_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/slice.h"

/*
 * Adds the folder unless it is listed. A delivery does not fail over a
 * subscription, so there is nothing to return.
 */
void subscriptions_add(int home_fd, const char *folder);

/*
 * What has to be appended to the file's text so that it lists the folder;
 * nothing when it does. False when the text is not such a file.
 */
bool subscriptions_plan(
    struct slice text, const char *folder, struct buf *append);

#endif
