/*
 * lmtpd/front/spread.h - one recipient that stands for several: the members
 * of an :include: file, the entries of a ~/.forward.
 *
 *	spread_start()	reads what earlier attempts have done
 *	spread_…	does the rest, marks it, counts the results
 *	spread_end()	tells the owner about entries that are no good
 *
 * Ownership: everything lives in the transaction's arena.
 * Threads:   one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_SPREAD_H
#define HAUSPOST_LMTPD_FRONT_SPREAD_H

#include "core/buf.h"
#include "lmtpd/front/ledger.h"
#include "lmtpd/front/program.h"
#include "lmtpd/front/reinject.h"
#include "lmtpd/front/tally.h"

enum { SPREAD_TROUBLE_MAX = 8 * 1024 };

struct spread {
	const struct programs *programs;
	struct reinject *reinject;
	struct rcpt *rcpt;
	struct ledger done;
	struct tally tally;
	struct buf trouble; /* entry and reason, a line each */
};

struct spread_mail {
	struct slice sender, params; /* of MAIL */
	struct slice rcpt_params;    /* of each RCPT */
	struct slice *addresses;
	size_t n;
};

/* 0, or -errno with rcpt->why. */
int spread_start(struct spread *spread, const struct programs *programs,
    struct reinject *reinject, struct rcpt *rcpt);

/* Reads an entry as an address; a bare name means one at this node. False,
 * and noted as trouble, when it is none. */
bool spread_address(
    struct spread *spread, struct slice entry, struct slice *address_out);

/* Sends the message to those of the addresses that do not have it yet. */
void spread_send(struct spread *spread, const struct spread_mail *mail);

/* Runs the program that is entry index of ~/.forward, unless it has run. */
void spread_run(struct spread *spread, struct slice program, size_t index);

/* What the owner is to read of an entry. */
void spread_trouble(
    struct spread *spread, struct slice entry, const char *reason);

/* what: "~/.forward", or the alias that has the file. */
void spread_end(struct spread *spread, const char *what);

#endif
