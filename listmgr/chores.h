/*
 * listmgr/chores.h - what the list manager does without being asked: it sends
 * letters, posts what moderators let through, lets requests, probes and held
 * mail expire, and deletes what is over.
 *
 * A NOTIFY on the channel hauspost_list has it look at once; else it looks
 * twice a minute, so one that got lost costs no more. All of it stands in SQL:
 * a crash loses nothing.
 *
 * Threads: a thread of its own, from chores_start() to chores_stop().
 */
#ifndef HAUSPOST_LISTMGR_CHORES_H
#define HAUSPOST_LISTMGR_CHORES_H

#include "listmgr/listmgr.h"

struct chores;

struct chores *chores_start(struct listmgr *listmgr);

/* After listmgr_stop(): the letter under way is finished. */
void chores_stop(struct chores *chores);

#endif
