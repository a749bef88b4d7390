/*
 * listmgr/takedown.h - posts that were taken out of the archive lose their
 * files, too. The web pages, where that is decided, can only read.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LISTMGR_TAKEDOWN_H
#define HAUSPOST_LISTMGR_TAKEDOWN_H

#include "listmgr/list.h"

/* 0, or -errno with why: what is left is deleted the next time. */
int takedown_erase(
    const struct lists *lists, struct slice node, struct why *why);

#endif
