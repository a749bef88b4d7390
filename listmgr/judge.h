/*
 * listmgr/judge.h - what becomes of a post: the milter's rules
 * (lists/listpolicy.h) once more, since it can only refuse.
 *
 * What it should have refused and did not meet, it sends back; the rest is
 * let through, waits for a moderator, or is dropped, which the log tells.
 */
#ifndef HAUSPOST_LISTMGR_JUDGE_H
#define HAUSPOST_LISTMGR_JUDGE_H

#include "listmgr/mail.h"

/*
 * 1 it is let through; 0 it is held or dropped, and done with; -1 its verdict
 * stands in why (4xx or 5xx).
 */
int judge_post(struct mail *mail, struct why *why);

#endif
