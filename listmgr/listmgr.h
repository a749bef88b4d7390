/*
 * listmgr/listmgr.h - what all threads of the list manager share.
 *
 * Threads:   everything here may be used by any.
 * Ownership: listmgr_open() and listmgr_close() frame the program's life.
 */
#ifndef HAUSPOST_LISTMGR_LISTMGR_H
#define HAUSPOST_LISTMGR_LISTMGR_H

#include "core/smtpc.h"

#include "listmgr/dmarc.h"
#include "listmgr/list.h"
#include "listmgr/settings.h"

struct listmgr {
	const struct settings *settings;
	struct lists lists; /* with the pool of database connections */
	struct smtpc_options inject;
	struct dmarc *dmarc;
	struct batch *trail;
	int stop_fd; /* readable for ever once the program is to end */
};

/* 0 or -errno with why. */
int listmgr_open(
    struct listmgr *listmgr, const struct settings *settings, struct why *why);
void listmgr_close(struct listmgr *listmgr);

/* Tells all threads to come to an end. */
void listmgr_stop(struct listmgr *listmgr);

#endif
