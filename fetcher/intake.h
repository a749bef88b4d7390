/*
 * fetcher/intake.h - the messages of one run on their way to lmtpd.
 *
 *	parcel = intake_open(intake, item)
 *	message_add(&parcel->message, …) …
 *	intake_close(intake, parcel)		sends it off
 *	intake_settle(intake)			all are back and noted
 *
 * What lmtpd has taken is noted in batches; item->delivered is set when that
 * is committed. A 4xx ends the run, a 5xx gives that message up: it stays
 * where it is, and nobody gets a bounce.
 *
 * While it waits for lmtpd it has somebody keep the remote server awake.
 *
 * Errors:    0, or negative with the run's trouble filled.
 * Threads:   one.
 */
#ifndef HAUSPOST_FETCHER_INTAKE_H
#define HAUSPOST_FETCHER_INTAKE_H

#include "fetcher/items.h"
#include "fetcher/job.h"
#include "fetcher/post.h"

/* Messages of one session under way; memory, mostly. */
enum { INTAKE_WINDOW = 32 };

struct parcel {
	struct letter letter; /* first: post_wait() gives it back */
	struct arena arena;
	struct message message;
	struct item *item;
	unsigned char hash[MESSAGE_HASH];
};

struct intake {
	const struct job *job;
	struct post *post;
	struct items *items;
	const char *node, *spool;
	struct slice folder;  /* there, for people */
	struct slice place;   /* here: XHAUSPOST-FOLDER, or empty */
	size_t window;	      /* messages under way before one waits */
	long keep_alive_ms;   /* of silence towards the server */
	int (*speak)(void *); /* breaks it; NULL: it may not be spoken to */
	void *speaker;
	struct counter counter;
	bool keyed;	      /* lmtpd is ours, and knows a repeat */
	struct parcel *taken; /* by lmtpd, not noted yet */
	size_t n_taken;
	size_t n_delivered; /* in all */
};

void intake_init(struct intake *intake);

/* Waits for what is under way. Call intake_settle() before. */
void intake_done(struct intake *intake);

struct parcel *intake_open(struct intake *intake, struct item *item);
int intake_close(struct intake *intake, struct parcel *parcel);

/* Waits until there is room for window messages. */
int intake_wait(struct intake *intake);

/* It did not come whole. */
void intake_drop(struct intake *intake, struct parcel *parcel);

int intake_settle(struct intake *intake);

#endif
