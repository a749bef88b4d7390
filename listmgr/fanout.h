/*
 * listmgr/fanout.h - the thread that hands posts over to Postfix, a group of
 * members at a time.
 *
 * What is to be done stands in SQL (0071_list_posts.sql), so this thread has
 * no state that a crash could lose. It sleeps until a post comes (NOTIFY) or a
 * group that Postfix had put off is due. One program of a node does it: an
 * advisory lock of PostgreSQL, gone with the connection, says which.
 */
#ifndef HAUSPOST_LISTMGR_FANOUT_H
#define HAUSPOST_LISTMGR_FANOUT_H

#include "listmgr/listmgr.h"

struct fanout;

struct fanout *fanout_start(struct listmgr *listmgr);

/* After listmgr_stop(): the group under way is finished. */
void fanout_stop(struct fanout *fanout);

#endif
