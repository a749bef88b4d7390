/*
 * listmgr/held.h - mail that waits for a moderator: its file, and its row,
 * with which moderators and author are written to.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LISTMGR_HELD_H
#define HAUSPOST_LISTMGR_HELD_H

#include "listmgr/mail.h"

struct held {
	const char *kind;    /* "post", or "owner": mail to the owners */
	struct slice reason; /* a word of hauspost.list_reason_words() */
	struct slice author; /* address in From */
	struct slice subject, message_id;
	struct slice auth; /* JSON: what is known of its signatures */
	bool spam;	   /* flagged: its author hears nothing */
	bool tell;	   /* its author may be answered */
	bool verified;	   /* From is who wrote it; for mail to owners */
};

/*
 * Keeps a mail until somebody decides. Mail to the owners goes on to them at
 * once where its author is known. MAIL_OK: file and row are on disk.
 */
enum verdict held_keep(
    const struct mail *mail, const struct held *held, struct why *why);

/*
 * Deletes what was decided a week ago on this node, at most a thousand.
 * Returns how many, or -errno.
 */
int held_sweep(const struct lists *lists, struct slice node, struct why *why);

#endif
