/*
 * listweb/answers.h - the answers, by what they are about.
 */
#ifndef HAUSPOST_LISTWEB_ANSWERS_H
#define HAUSPOST_LISTWEB_ANSWERS_H

#include "listweb/visit.h"

/* Lists: page_list.c */
visit_answer answer_index;
visit_answer answer_list;
visit_answer answer_ask;
void answer_members_only(struct visit *visit);

/* Mailed links: page_link.c */
visit_answer answer_confirm;
visit_answer answer_leave;

/* The visitor's own: page_own.c */
visit_answer answer_own;

/* Moderation: page_queue.c */
visit_answer answer_queue;
visit_answer answer_waiting;

/* The archive: page_archive.c, page_message.c, feed.c, download.c */
visit_answer answer_month;
visit_answer answer_search;
visit_answer answer_message;
visit_answer answer_thread;
visit_answer answer_remove;
visit_answer answer_feed;
visit_answer answer_raw;
visit_answer answer_part;
visit_answer answer_mbox;

#endif
