/*
 * listmgr/approved.h - held posts that a moderator let through go their way.
 *
 * The decision is a row, made by mail or in a browser; whoever runs this
 * posts what it finds. Killed in between, it posts again, and the Message-ID
 * tells that it was.
 *
 * Threads: one at a time.
 */
#ifndef HAUSPOST_LISTMGR_APPROVED_H
#define HAUSPOST_LISTMGR_APPROVED_H

#include "listmgr/listmgr.h"

/* 0 or -errno: the database is away. */
int approved_post(struct listmgr *listmgr, struct why *why);

#endif
